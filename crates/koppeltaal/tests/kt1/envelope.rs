//! What a message must be before its content matters.

use serde_json::json;

use crate::support::client::{kt, to_xml};
use crate::support::message::{
    Message, Resource, about_patient, about_plan, care_plan, message, other, patient,
};
use crate::support::setup::E;
use crate::support::{Engine, TestApp};

on_both_engines!(
    types_outside_the_list_are_refused_by_name,
    a_domain_before_1_3_5_takes_every_type,
    a_null_in_an_array_is_the_documented_500,
    the_domain_tag_of_another_domain_is_refused,
    what_is_no_document_is_refused,
    the_message_header_comes_first_and_once,
    the_header_has_what_it_needs,
    an_unknown_event_is_refused,
    the_focal_resource_is_among_the_entries,
    every_content_type_of_the_old_clients_is_read,
    elements_may_stand_in_any_order,
    codes_nobody_knows_pass,
    a_link_may_be_an_object_and_lists_may_be_empty,
    what_becomes_a_key_is_short_and_clean,
);

/// Nothing of a refused message is stored or delivered.
async fn refused(app: &TestApp, body: &str, status: u16) -> (Option<String>, String) {
    let content_type =
        if body.trim_start().starts_with('<') { "application/xml" } else { "application/json" };
    let before = app.stored().await;
    let answer = app.a().content_type(content_type).post("Mailbox", body).await.expect(status);
    assert_eq!(app.stored().await, before);
    answer.issue()
}

// T29
async fn types_outside_the_list_are_refused_by_name(engine: Engine) {
    let app = TestApp::start(engine).await;
    let p = patient("p1");
    let condition = Resource::new("Condition", "1", json!({ "resourceType": "Condition" }));
    let report =
        Resource::new("DiagnosticReport", "1", json!({ "resourceType": "DiagnosticReport" }));
    let strange = other("Strange", "1", json!([]));
    let uncoded = Resource::new("Other", "2", json!({ "resourceType": "Other" }));
    for (resource, name) in [
        (&condition, "Condition"),
        (&report, "DiagnosticReport"),
        (&strange, "Strange"),
        (&uncoded, "Other"),
    ] {
        let sent = about_plan(&care_plan("c1", &p), &p, &[resource]);
        let (code, details) = refused(&app, &sent.json().to_string(), 400).await;
        assert_eq!(code, None, "the documented issue has no type");
        assert_eq!(details, format!("The resource type '{name}' is not supported."));
    }
    let both = about_plan(&care_plan("c1", &p), &p, &[&condition, &report, &condition]);
    assert_eq!(app.a().send(&both).await.expect(400).issues().len(), 2);
    // Clients send these two, list or no list.
    for usage in
        ["BlackBoxState", "StorageItem", "CareTeam", "UserMessage", "CarePlanActivityStatus"]
    {
        let plan = care_plan(usage, &p).unlinked();
        let extra = other(usage, usage, json!([])).unlinked();
        app.sent(&message("CreateOrUpdateCarePlan", &plan, &[&extra]).about(&p.url)).await;
    }
}

async fn a_domain_before_1_3_5_takes_every_type(engine: Engine) {
    let app = TestApp::build(engine)
        .setup(|setup| setup.domain(crate::support::setup::D).versions_135 = false)
        .start()
        .await;
    let p = patient("p1");
    let report =
        Resource::new("DiagnosticReport", "1", json!({ "resourceType": "DiagnosticReport" }));
    let sent = message("CreateOrUpdateCarePlanActivityResult", &report, &[&p]).about(&p.url);
    let answer = app.sent(&sent).await;
    assert_eq!(answer.data().len(), 1, "only the focal resource is versioned");
    app.sent(&about_plan(&care_plan("c", &p), &p.at("2000-01-01T00:00:00:000.0000"), &[])).await;
}

// T30
async fn a_null_in_an_array_is_the_documented_500(engine: Engine) {
    let app = TestApp::start(engine).await;
    let bad = patient("p1").with("name", json!([{ "given": [null] }]));
    let (code, details) = refused(&app, &about_patient(&bad).json().to_string(), 500).await;
    assert_eq!(code, None);
    assert_eq!(
        details,
        "The FHIR serialization does not support arrays with empty (null) elements"
    );
    let answer = app.a().accept("application/xml").send(&about_patient(&bad)).await.expect(500);
    assert!(answer.text.starts_with("<OperationOutcome"));
    // Beside its companion a null is legal.
    let good = patient("p1").with(
        "name",
        json!([{ "given": [null, "b"], "_given": [{ "extension": [{ "url": "u", "valueCode": "c" }] }, null] }]),
    );
    app.sent(&about_patient(&good)).await;
}

// T33
async fn the_domain_tag_of_another_domain_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    for domain in [E, "domein d", "Domein D ", "nowhere"] {
        let sent = about_patient(&patient("p1")).in_domain(domain);
        let (code, _) = refused(&app, &sent.json().to_string(), 403).await;
        assert_eq!(code.as_deref(), Some("security"), "{domain}");
    }
    // Also when the right one stands beside it.
    let both = about_patient(&patient("p1")).tagged(&kt("Domain#domein-e"));
    refused(&app, &both.json().to_string(), 403).await;
    assert!(app.user("x").claim().await.is_empty());
}

// T34
async fn what_is_no_document_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let good = about_patient(&patient("p1")).json().to_string();
    let xml = to_xml(&good);
    let cut = |text: &str| text[..text.len() - 20].to_owned();
    for body in [
        String::new(),
        "   ".to_owned(),
        "{".to_owned(),
        "nonsense".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        cut(&good),
        cut(&xml),
        "<feed".to_owned(),
        "<feed/>".to_owned(),
        r#"{"resourceType":"Patient"}"#.to_owned(),
        r#"{"resourceType":"Bundle","resourceType":"Bundle"}"#.to_owned(),
        r#"{"resourceType":"Bundle","entry":["x"]}"#.to_owned(),
        r#"<Patient xmlns="http://hl7.org/fhir"/>"#.to_owned(),
    ] {
        let (code, details) = refused(&app, &body, 400).await;
        assert_eq!(code.as_deref(), Some("structure"), "{body}: {details}");
    }
    let untyped = app.a().content_type("").post("Mailbox", "nonsense").await.expect(400);
    assert_eq!(untyped.code(), "structure");
    let wrong_type = app.a().content_type("application/xml").post("Mailbox", good).await;
    assert_eq!(wrong_type.expect(400).code(), "structure");
}

// T35
async fn the_message_header_comes_first_and_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let good = about_patient(&patient("p1"));
    let changed = |change: fn(&mut Vec<serde_json::Value>)| {
        let mut message = good.clone();
        change(message.0["entry"].as_array_mut().unwrap());
        message
    };
    for message in [
        changed(|entries| entries.clear()),
        changed(|entries| drop(entries.remove(0))),
        changed(|entries| entries.reverse()),
        changed(|entries| entries.push(entries[0].clone())),
    ] {
        let (code, _) = refused(&app, &message.json().to_string(), 400).await;
        assert!(["required", "structure"].contains(&code.unwrap().as_str()));
    }
    let empty = changed(|entries| entries.push(json!({ "id": "https://x/1" })));
    let (code, _) = refused(&app, &empty.json().to_string(), 400).await;
    assert_eq!(code.as_deref(), Some("structure"));
}

async fn the_header_has_what_it_needs(engine: Engine) {
    let app = TestApp::start(engine).await;
    let without = |name: &str| {
        let mut message = about_patient(&patient("p1"));
        message.header().as_object_mut().unwrap().remove(name);
        message
    };
    let with = |name: &str, value: serde_json::Value| {
        let mut message = about_patient(&patient("p1"));
        message.header()[name] = value;
        message
    };
    let messages: Vec<Message> = ["identifier", "timestamp", "event", "data"]
        .map(without)
        .into_iter()
        .chain([
            with("identifier", "".into()),
            with("event", json!({})),
            with("data", json!([])),
            with("data", json!([{ "display": "x" }])),
            with("data", json!([{ "reference": "" }])),
        ])
        .collect();
    for message in messages {
        let (code, details) = refused(&app, &message.json().to_string(), 400).await;
        assert_eq!(code.as_deref(), Some("required"), "{details}");
    }
}

// T36
async fn an_unknown_event_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    for event in
        ["CreateOrUpdateUser", "CarePlan", "createorupdatepatient", " CreateOrUpdatePatient"]
    {
        let sent = message(event, &patient("p1"), &[]);
        let (code, details) = refused(&app, &sent.json().to_string(), 400).await;
        assert_eq!(code.as_deref(), Some("code-unknown"));
        assert!(details.contains(event));
    }
    let mut foreign = about_patient(&patient("p1"));
    foreign.header()["event"]["system"] = "http://elsewhere".into();
    let (code, _) = refused(&app, &foreign.json().to_string(), 400).await;
    assert_eq!(code.as_deref(), Some("code-unknown"));
}

async fn the_focal_resource_is_among_the_entries(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut lost = about_patient(&patient("p1"));
    lost.header()["data"][0]["reference"] = patient("p2").url.into();
    let (code, _) = refused(&app, &lost.json().to_string(), 400).await;
    assert_eq!(code.as_deref(), Some("required"));
    // Several references: the first is meant, and only it is delivered.
    let p = patient("p1");
    let plan = care_plan("c1", &p);
    let mut several = about_plan(&plan, &p, &[]);
    several.header()["data"] = json!([{ "reference": plan.url }, { "reference": p.url }]);
    let answer = app.sent(&several).await;
    assert_eq!(app.b().claim().await.message().data(), [plan.now(&answer).link()]);
}

// T37, T38
async fn every_content_type_of_the_old_clients_is_read(engine: Engine) {
    let app = TestApp::start(engine).await;
    for (number, content_type) in [
        "application/xml",
        "application/xml+fhir",
        "application/fhir+xml",
        "application/atom+xml",
        "application/atom+xml;type=entry; charset=utf-8",
        "text/xml",
        "",
        "application/octet-stream",
        "application/json",
        "application/json+fhir",
        "application/fhir+json;charset=UTF-8",
    ]
    .into_iter()
    .enumerate()
    {
        let sent = about_patient(&patient(&format!("p{number}"))).json().to_string();
        let xml = content_type.contains("xml") || content_type == "application/octet-stream";
        let body = if xml { to_xml(&sent) } else { sent };
        let answer = app.a().content_type(content_type).post("Mailbox", body).await.expect(200);
        assert!(answer.text.starts_with('{'), "what Accept says: {content_type}");
    }
    // Without Accept the answer is in the language of the request.
    let sent = about_patient(&patient("px")).json().to_string();
    let answer =
        app.a().accept("").content_type("").post("Mailbox", to_xml(&sent)).await.expect(200);
    assert!(answer.text.starts_with("<feed"), "{}", answer.text);
    let sent = about_patient(&patient("pj")).json().to_string();
    let answer = app.a().accept("*/*").content_type("").post("Mailbox", sent).await.expect(200);
    assert!(answer.text.starts_with('{'), "{}", answer.text);
    let answer =
        app.a().accept("application/json, text/javascript, */*; q=0.01").get("Other").await;
    assert!(answer.expect(200).text.starts_with('{'));
}

// T39
async fn elements_may_stand_in_any_order(engine: Engine) {
    let app = TestApp::start(engine).await;
    let patient = patient("p1");
    let xml = format!(
        r#"<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="text/xml">
        <MessageHeader xmlns="http://hl7.org/fhir"><data><reference value="{url}"/></data>
        <source><endpoint value="e"/><software value="s"/></source>
        <event><code value="CreateOrUpdatePatient"/><system value="{events}"/></event>
        <timestamp value="2024-01-05T10:00:00Z"/><identifier value="i1"/>
        <extension url="{ext}"><valueResource><reference value="{url}"/></valueResource></extension>
        </MessageHeader></content><id>urn:x</id></entry>
        <entry><link rel="self" href="{url}"/><content type="text/xml">
        <Patient xmlns="http://hl7.org/fhir"><active value="true"/><name><given value="g"/><family value="f"/></name>
        <extension url="{ext}"><valueInteger value="3"/></extension></Patient></content></entry>
        <id>urn:uuid:1</id></feed>"#,
        url = patient.url,
        events = kt("MessageEvents"),
        ext = kt("MessageHeader#Patient"),
    );
    app.a().content_type("application/xml").post("Mailbox", xml).await.expect(200);
    let delivered = app.b().claim().await;
    let content = &delivered.entries()[1]["content"];
    assert_eq!(content["active"], true);
    assert_eq!(content["name"], json!([{ "family": ["f"], "given": ["g"] }]));
    assert_eq!(content["extension"][0]["valueInteger"], 3);
    assert_eq!(delivered.message().identifier(), "i1");
}

// T42, T44
async fn codes_nobody_knows_pass(engine: Engine) {
    let app = TestApp::start(engine).await;
    let p = patient("p1").with("gender", json!({ "coding": [{ "system": "x", "code": "?" }] }));
    let plan = care_plan("c1", &p)
        .with("status", "Active".into())
        .with("participant", json!([{ "role": { "coding": [{ "code": "Client" }] }, "member": { "reference": "member" } }]));
    let organization = Resource::new(
        "Organization",
        "o1",
        json!({ "resourceType": "Organization", "type": "a bare string", "contact": [{ "purpose": "p" }] }),
    );
    app.sent(&about_plan(&plan, &p, &[&organization])).await;
    let delivered = app.b().claim().await;
    assert_eq!(delivered.entries()[1]["content"], plan.content);
    assert_eq!(delivered.entries()[2]["content"], p.content);
    assert_eq!(delivered.entries()[3]["content"], organization.content);
}

// T31, T43
async fn a_link_may_be_an_object_and_lists_may_be_empty(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut sent = about_patient(&patient("p1").with("address", json!([])).with("id", 7.into()));
    sent.0["entry"][1]["link"] = json!({ "rel": "self", "href": patient("p1").url });
    sent.0["entry"][0]["link"] = json!([]);
    sent.0["strange"] = json!({ "x": [] });
    let answer = app.sent(&sent).await;
    assert_eq!(answer.data(), [patient("p1").now(&answer).link()]);
    assert!(!app.b().claim().await.is_empty());
    // An empty self link is none.
    let mut empty = about_patient(&patient("p2"));
    empty.0["entry"][1]["link"][0]["href"] = "".into();
    let answer = app.sent(&empty).await;
    assert_eq!(answer.data(), [patient("p2").now(&answer).link()]);
}

async fn what_becomes_a_key_is_short_and_clean(engine: Engine) {
    let app = TestApp::start(engine).await;
    let long = "x".repeat(1001);
    for (message, expected) in [
        (about_patient(&patient("p1")).identified(&"i".repeat(256)), "too-long"),
        (about_patient(&patient("p1")).identified("a\u{0}b"), "value"),
        (about_patient(&patient(&long)), "too-long"),
        (about_patient(&patient("a\u{0}b")), "value"),
        (about_patient(&patient("p1")).about(&format!("https://x/{long}")), "too-long"),
        (about_patient(&patient("p1")).about("https://x/\u{0}"), "value"),
    ] {
        let (code, details) = refused(&app, &message.json().to_string(), 400).await;
        assert_eq!(code.as_deref(), Some(expected), "{details}");
    }
    app.sent(&about_patient(&patient("p1")).identified(&"i".repeat(255))).await;
    // A zero in the content is the sender's own business.
    let odd = patient("p2").with("birthDate", "a\u{0}b".into());
    app.sent(&about_patient(&odd)).await;
    app.b().claim().await;
    assert_eq!(app.b().claim().await.entries()[1]["content"], odd.content);
}
