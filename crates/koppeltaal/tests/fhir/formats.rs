//! JSON and XML (K002-6, K002-8): the same resources in both, without loss.

use serde_json::{Value, json};

use crate::client::{Client, JSON, XML, path};
use crate::resources::{CONFORMANCE, Ground, ORIGIN, TYPES, audit_event, patient};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    every_type_goes_out_as_xml_and_comes_back,
    a_resource_is_created_and_updated_in_xml,
    xml_that_is_wrong_is_refused_in_xml,
    every_answer_can_be_xml,
    numbers_and_texts_stay_as_they_were_written,
    definitions_are_served_in_both,
);

/// A resource with as many oddities as its type can hold.
fn rich(ground: &Ground, kind: &str) -> Value {
    let mut new = ground.resource(kind);
    let told = "Ünïcode 💚, \"quotes\", 'more', <b>&amp;</b> & a tab\tand\nlines";
    new["language"] = "nl-NL".into();
    new["text"] = json!({
        "status": "generated",
        "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class=\"a\">5 &lt; 6 &amp; <b>é</b><br/>x</p></div>",
    });
    let more = json!([
        { "url": "https://example.test/a", "valueString": told },
        { "url": "https://example.test/b", "extension": [
            { "url": "c", "valueBoolean": false },
            { "url": "d", "valuePeriod": { "start": "2024", "_end": { "extension": [
                { "url": "https://example.test/e", "valueCode": "unknown" },
            ] } } },
        ] },
        { "url": "https://example.test/f", "_valueDate": { "extension": [
            { "url": "https://example.test/g", "valueUri": "urn:x" },
        ] } },
        { "url": "https://example.test/h", "valueInteger": -3 },
    ]);
    match new["extension"].as_array_mut() {
        Some(extensions) => extensions.extend(more.as_array().unwrap().clone()),
        None => new["extension"] = more,
    }
    match kind {
        "Patient" => {
            new["name"][0]["given"] = json!(["Zoë", "Anna"]);
            let given = new["name"][0]["_given"].as_array_mut().unwrap();
            given.push(given[0].clone());
            let line = "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-streetName";
            new["address"] = json!([{
                "line": ["Dorpsstraat 1"],
                "_line": [{ "extension": [{ "url": line, "valueString": "Dorpsstraat" }] }],
                "city": "Ons Dorp",
            }]);
            new["name"].as_array_mut().unwrap().push(json!({
                "use": "usual", "given": ["Zo", "Zus"],
                "_given": [null, { "extension": [{ "url": "https://example.test/i", "valueCode": "x" }] }],
            }));
        }
        "Task" => {
            new["description"] = told.into();
            new["executionPeriod"] = json!({ "start": "2024-01-05T10:00:00+01:00" });
            new["authoredOn"] = "2024-01-05T10:00:00.123Z".into();
        }
        "CareTeam" => new["period"] = json!({ "start": "2024-01", "end": "2025" }),
        "ActivityDefinition" => new["description"] = "# Kop\n\n* één\n* twee".into(),
        _ => {}
    }
    new
}

/// XML without the extension that is the server's.
fn without_origin(xml: &str) -> String {
    let begin = xml.find(&format!("<extension url=\"{ORIGIN}\">")).unwrap();
    let end = begin + xml[begin..].find("</extension>").unwrap() + "</extension>".len();
    format!("{}{}", &xml[..begin], &xml[end..])
}

/// What a client sees of a resource that does not differ between copies of it.
fn content(resource: &Value) -> Value {
    let mut content = resource.clone();
    for name in ["id", "meta"] {
        content.as_object_mut().unwrap().remove(name);
    }
    content
}

async fn xml(client: &Client, method: &str, path: &str, body: String) -> crate::reply::Reply {
    let headers = [("content-type", XML), ("accept", XML), ("if-match", "1")];
    client.call(method, path, &headers, body).await
}

async fn every_type_goes_out_as_xml_and_comes_back(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    for kind in TYPES {
        let new = rich(&ground, kind);
        let reply = own.try_create(&new).await;
        let kept = reply.expect(201).json();
        let reply = own.get_with(&path(&kept), &[("accept", XML)]).await.expect(200);
        let content_type = "application/fhir+xml; fhirVersion=4.0; charset=utf-8";
        assert_eq!(reply.header("content-type"), Some(content_type));
        assert_eq!(reply.header("etag"), Some(r#"W/"1""#));
        let text = reply.text();
        assert!(text.contains(&format!("<{kind} xmlns=\"http://hl7.org/fhir\">")), "{text}");
        if kind != "AuditEvent" {
            let same = xml(&own, "PUT", &path(&kept), text.clone()).await.expect(200);
            assert!(same.text().contains(&format!("<{kind} ")), "{}", same.text());
            let after = own.get(&path(&kept)).await.json();
            assert_eq!(content(&after), content(&kept), "{kind}");
            assert_eq!(after["meta"]["versionId"], "1", "{kind}: nothing has changed");
        }
        let again = xml(&own, "POST", kind, without_origin(&text)).await.expect(201);
        let location = again.header("location").unwrap().to_owned();
        let again = own.get(&location).await.expect(200).json();
        assert_eq!(content(&again), content(&kept), "{kind}");
    }
}

async fn a_resource_is_created_and_updated_in_xml(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let text = r#"<?xml version="1.0" encoding="UTF-8"?>
        <!-- a comment -->
        <Practitioner xmlns="http://hl7.org/fhir">
          <meta><profile value="http://koppeltaal.nl/fhir/StructureDefinition/KT2Practitioner"/></meta>
          <text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">Sam</div></text>
          <identifier><system value="https://example.test/ids"/><value value="x-1"/></identifier>
          <active value="true"/>
          <name><use value="usual"/><given value="Sam &amp; &#233;"/></name>
          <telecom><system value="email"/><value value="sam@example.test"/><use value="work"/></telecom>
        </Practitioner>"#;
    let reply = xml(&own, "POST", "Practitioner", text.to_owned()).await.expect(201);
    assert!(reply.text().contains("<versionId value=\"1\"/>"), "{}", reply.text());
    let kept = own.get(reply.header("location").unwrap()).await.expect(200).json();
    assert_eq!(kept["name"], json!([{ "use": "usual", "given": ["Sam & é"] }]));
    assert_eq!(kept["active"], true);
    let id = kept["id"].as_str().unwrap();
    let next = text.replace("<meta>", &format!("<id value=\"{id}\"/><meta>"));
    let next = next.replace("active value=\"true\"", "active value=\"false\"");
    let reply = xml(&own, "PUT", &path(&kept), next).await.expect(200);
    assert!(reply.text().contains("<versionId value=\"2\"/>"));
    let found = own.get_with("Practitioner?active=false", &[("accept", XML)]).await.expect(200);
    assert!(found.text().contains("<Bundle xmlns=\"http://hl7.org/fhir\">"), "{}", found.text());
    assert!(found.text().contains("<total value=\"1\"/>"));
}

async fn xml_that_is_wrong_is_refused_in_xml(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let lol = r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>"#;
    let outside = r#"<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>"#;
    let ns = r#"xmlns="http://hl7.org/fhir""#;
    for (body, status) in [
        ("<".to_owned(), 400),
        (format!("<Patient {ns}>"), 400),
        (format!("<Patient {ns}></Person>"), 400),
        (format!("<Patient {ns}><active value=\"true\"></Patient>"), 400),
        ("<Patient/>".to_owned(), 400),
        ("<Patient xmlns=\"http://example.test\"/>".to_owned(), 400),
        (format!("{lol}<Patient {ns}><language value=\"&b;\"/></Patient>"), 400),
        (format!("{outside}<Patient {ns}><language value=\"&a;\"/></Patient>"), 400),
        (format!("<Patient {ns}><language value=\"&nbsp;\"/></Patient>"), 400),
        (format!("<Patient {ns}/><Patient {ns}/>"), 400),
        (format!("<Task {ns}/>"), 400),
        (format!("<Patient {ns}/>"), 422),
        (format!("<Patient {ns}><active value=\"perhaps\"/></Patient>"), 422),
        (format!("<Patient {ns}>{}", "<contact>".repeat(10_000)), 400),
    ] {
        let shown: String = body.chars().take(80).collect();
        let reply = xml(&own, "POST", "Patient", body).await;
        assert_eq!(reply.status, status, "{shown}: {}", reply.text());
        assert!(reply.text().contains("<OperationOutcome"), "{shown}");
        assert!(!reply.text().contains("root:"), "{shown}");
    }
    for body in [
        format!("<Patient {ns}><shoeSize value=\"43\"/></Patient>"),
        format!("<Patient {ns} size=\"43\"/>"),
        format!("<Patient {ns}><gender value=\"female\"/><gender value=\"male\"/></Patient>"),
    ] {
        let reply = xml(&own, "POST", "Patient", body.clone()).await;
        assert!([400, 422].contains(&reply.status), "{body}: {}", reply.status);
    }
    assert_eq!(own.search("Patient").await["total"], 0);
}

async fn every_answer_can_be_xml(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&patient()).await;
    let path = path(&kept);
    let accept = [("accept", XML)];
    for (wanted, status, root) in [
        ("metadata", 200, "CapabilityStatement"),
        ("Patient", 200, "Bundle"),
        ("Patient/_history", 200, "Bundle"),
        (&format!("{path}/_history"), 200, "Bundle"),
        (&format!("{path}/_history/1"), 200, "Patient"),
        (&format!("{path}?_elements=birthDate"), 200, "Patient"),
        ("Device/unknown", 403, "OperationOutcome"),
        ("Observation", 404, "OperationOutcome"),
        ("", 405, "OperationOutcome"),
        ("Patient?_summary=all", 400, "OperationOutcome"),
        ("ImplementationGuide", 200, "Bundle"),
    ] {
        let reply = own.get_with(wanted, &accept).await.expect(status);
        let content_type = "application/fhir+xml; fhirVersion=4.0; charset=utf-8";
        assert_eq!(reply.header("content-type"), Some(content_type), "{wanted}");
        let start = format!("<{root} xmlns=\"http://hl7.org/fhir\">");
        assert!(reply.text().contains(&start), "{wanted}: {}", reply.text());
    }
    let reply = world.anyone().get_with(&path, &accept).await.expect(401);
    assert!(reply.text().contains("<code value=\"login\"/>"));
    let reply = own.delete_with(&path, &accept).await.expect(200);
    assert!(reply.text().contains("<severity value=\"information\"/>"));
    let reply = own.get_with(&path, &accept).await.expect(410);
    assert!(reply.text().contains("<code value=\"deleted\"/>"));
}

async fn numbers_and_texts_stay_as_they_were_written(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let mut new = patient();
    new["extension"] = json!([
        { "url": "https://example.test/a", "valueDecimal": 7 },
        { "url": "https://example.test/b", "valueString": "a\u{a0}b" },
    ]);
    let headers = [("content-type", JSON)];
    for number in ["1.10", "-0.0", "1e3", "0.000000000000000000001", "12345678901234567.89"] {
        let body = new.to_string().replace(":7}", &format!(":{number}}}"));
        let reply = own.call("POST", "Patient", &headers, body).await.expect(201);
        let location = reply.header("location").unwrap().to_owned();
        let text = own.get(&location).await.text();
        assert!(text.contains(&format!("\"valueDecimal\":{number}")), "{number}: {text}");
        let text = own.get_with(&location, &[("accept", XML)]).await.text();
        assert!(text.contains(&format!("<valueDecimal value=\"{number}\"/>")), "{number}: {text}");
        assert!(text.contains("a\u{a0}b"), "{text}");
    }
    // Escapes are another way to write the same; the answer is UTF-8.
    let body = patient().to_string().replace("Zoë", "Zo\\u00eb");
    let text = own.call("POST", "Patient", &headers, body).await.expect(201).text();
    assert!(text.contains("Zoë"), "{text}");
    let me = world.device("own");
    let event = audit_event(&me, &me).to_string().replace("10:00:00.000Z", "10:00:00.1230+01:00");
    let text = own.call("POST", "AuditEvent", &headers, event).await.expect(201).text();
    assert!(text.contains("2024-05-01T10:00:00.1230+01:00"), "{text}");
}

async fn definitions_are_served_in_both(engine: Engine) {
    let world = World::start(engine).await;
    let nobody = world.client("nobody").await;
    for kind in CONFORMANCE {
        let found = nobody.search(&format!("{kind}?_count=200")).await;
        for resource in crate::client::matches(&found) {
            let reply = nobody.get_with(&path(&resource), &[("accept", XML)]).await.expect(200);
            let start = format!("<{kind} xmlns=\"http://hl7.org/fhir\">");
            assert!(reply.text().contains(&start), "{}", path(&resource));
        }
    }
}
