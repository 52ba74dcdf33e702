//! Content survives: whatever a sender writes arrives, in either format.

use serde_json::{Value, json};

use crate::support::client::{from_xml, kt, to_xml};
use crate::support::message::{Resource, about_patient, about_plan, care_plan, other, patient};
use crate::support::{Engine, TestApp};

on_both_engines!(
    content_survives_in_all_combinations_of_formats,
    numbers_stay_as_they_were_written,
    unknown_parts_and_order_survive,
    extensions_of_the_sender_stay_in_the_header,
    nobody_can_forge_what_the_server_says,
);

/// A resource with everything that is easily lost.
fn nasty() -> Resource {
    let content = json!({
        "resourceType": "Patient",
        "id": "ref001",
        "extension": [
            { "url": kt("Patient#Age"), "valueInteger": 33 },
            { "url": "https://x/none", "valueString": "a" },
            { "url": "https://x/nested", "extension": [
                { "url": "https://x/1", "valueBoolean": true },
                { "url": "https://x/2", "valueDecimal": 12.5 },
                { "url": "https://x/3", "valueCoding": { "system": "s", "code": "c" } },
            ] },
        ],
        "modifierExtension": [{ "url": "https://x/m", "valueCode": "m" }],
        "language": "nl",
        "text": { "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a &amp; b <b>é</b></p></div>" },
        "contained": [{ "resourceType": "Organization", "id": "o1", "name": "in <here>" }],
        "identifier": [{ "use": "official", "system": "urn:x", "value": "1 & 2" }],
        "name": [{
            "use": "official",
            "family": ["van de \"Vries\""],
            "_family": [{ "id": "f1", "extension": [{ "url": "https://x/f", "valueString": "q" }] }],
            "given": ["Claes", "😀 <x>"],
            "_given": [null, { "extension": [{ "url": "https://x/g", "valueString": "ü" }] }],
        }],
        "telecom": [{ "system": "email", "value": "a@b" }],
        "birthDate": "1983-02-18T00:00:00",
        "_birthDate": { "extension": [{ "url": "https://x/b", "valueInstant": "1983-02-18T01:02:03.004Z" }] },
        "multipleBirthInteger": 2,
        "careProvider": [{ "reference": "https://app.example/fhir/Organization/1", "display": "x" }],
        "active": false,
    });
    Resource::new("Patient", "nasty", content)
}

fn plan() -> Resource {
    let mut plan = care_plan("c1", &nasty());
    plan.content["goal"] = json!([{ "id": "g1", "description": "better" }]);
    plan.content["activity"] = json!([
        { "id": "a1", "goal": ["g1"], "prohibited": false, "simple": { "category": "other", "performer": [{ "reference": "x" }] } },
        {
            "id": "a2",
            "extension": [{ "url": kt("CarePlan#ActivityIdentifier"), "valueString": "" }],
            "prohibited": true,
        },
    ]);
    plan
}

// T40, T41
async fn content_survives_in_all_combinations_of_formats(engine: Engine) {
    let app = TestApp::start(engine).await;
    let storage = other(
        "StorageItem",
        "s1",
        json!([{ "url": kt("StorageItem#Content"), "valueBase64Binary": "AAEC" }]),
    );
    let (mut plan, mut patient) = (plan(), nasty());
    for sent_as in ["application/json", "application/xml"] {
        let message = about_plan(&plan, &patient, &[&storage.clone().unlinked()]);
        let answer = app.a().content_type(sent_as).send(&message).await.expect(200);
        (plan, patient) = (plan.now(&answer), patient.now(&answer));
        let number = app.b().claim().await.message().number().to_string();
        let mut bundles: Vec<Value> = Vec::new();
        for accept in ["application/json", "application/xml"] {
            for user in ["b", "c"] {
                let client = app.user(user).accept(accept);
                let delivered = match user {
                    "b" => client.by_id(&number).await,
                    _ => client.by_id(&message.identifier()).await,
                };
                let entries = delivered.entries();
                for (entry, resource) in entries[1..].iter().zip([&plan, &patient, &storage]) {
                    assert_same(&entry["content"], &resource.content, sent_as, accept);
                }
                if user == "b" {
                    bundles.push(delivered.json());
                }
            }
        }
        assert_eq!(bundles[0], bundles[1], "both formats give the same bundle");
    }
}

#[track_caller]
fn assert_same(delivered: &Value, sent: &Value, from: &str, to: &str) {
    // The order of members is that of the schema once XML was on the way.
    assert_eq!(delivered, sent, "{from} to {to}");
    assert_eq!(from_xml(&to_xml(&sent.to_string())), *sent, "the test's own conversion");
}

async fn numbers_stay_as_they_were_written(engine: Engine) {
    let app = TestApp::start(engine).await;
    let text = about_patient(&patient("p1")).json().to_string().replacen(
        "\"active\":true",
        "\"active\":true,\"extension\":[{\"url\":\"u\",\"valueDecimal\":12.5000},{\"url\":\"u\",\"valueDecimal\":1E40},{\"url\":\"u\",\"valueInteger\":123456789012345678901234567890}]",
        1,
    );
    app.a().post("Mailbox", text).await.expect(200);
    let number = app.b().claim().await.message().number().to_string();
    for accept in ["application/json", "application/xml"] {
        let delivered = app.b().accept(accept).by_id(&number).await;
        for written in ["12.5000", "1E40", "123456789012345678901234567890"] {
            assert!(delivered.text.contains(written), "{written} in {}", delivered.text);
        }
    }
}

async fn unknown_parts_and_order_survive(engine: Engine) {
    let app = TestApp::start(engine).await;
    let odd = patient("p1")
        .with("zzz", json!({ "b": ["1", "2"], "a": "x", "deep": [{ "c": "é" }] }))
        .with("aaa", "first".into())
        .with("name", json!([{ "given": ["z", "a", "m"] }, { "given": ["second"] }]));
    app.sent(&about_patient(&odd)).await;
    let delivered = app.b().claim().await;
    let text = odd.content.to_string();
    assert!(
        delivered.text.contains(&text),
        "JSON comes back letter for letter: {}",
        delivered.text
    );
    // By XML the unknown come last, and nothing is gone.
    let id = delivered.message().number().to_string();
    let xml = app.b().xml().by_id(&id).await;
    let content = &xml.entries()[1]["content"];
    assert_eq!(content["name"], odd.content["name"]);
    assert_eq!(content["aaa"], "first");
    assert_eq!(content["zzz"]["b"], json!(["1", "2"]));
    assert_eq!(content["zzz"]["a"], "x");
    // An entry keeps its own parts too.
    let mut message = about_patient(&patient("p2"));
    message.0["entry"][1]["title"] = "T <&>".into();
    message.0["entry"][1]["published"] = "2024-01-01T00:00:00Z".into();
    message.0["entry"][1]["category"] = json!([{ "term": "t", "label": "l", "scheme": "s" }]);
    message.0["entry"][1]["summary"] = "<div xmlns=\"http://www.w3.org/1999/xhtml\">s</div>".into();
    message.0["entry"][1]["link"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "rel": "other", "href": "h" }));
    message.0["author"] = json!([{ "name": "somebody" }]);
    message.0["title"] = "a title".into();
    app.sent(&message).await;
    let delivered = app.b().claim().await;
    for name in ["title", "published", "category", "summary"] {
        assert_eq!(delivered.entries()[1][name], message.json()["entry"][1][name], "{name}");
    }
    assert_eq!(delivered.entries()[1]["link"][1], json!({ "rel": "other", "href": "h" }));
    for name in ["author", "title", "updated"] {
        assert_eq!(delivered.json()[name], message.json()[name], "{name}");
    }
}

async fn extensions_of_the_sender_stay_in_the_header(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut message = about_patient(&patient("p1"));
    let own = json!({ "url": "https://x/own", "valueString": "kept" });
    message.header()["extension"].as_array_mut().unwrap().push(own.clone());
    message.header()["receiver"] = json!({ "reference": "https://x/r" });
    message.header()["reason"] = json!({ "text": "why" });
    app.sent(&message).await;
    let header = app.b().claim().await.message();
    let extensions = header.content()["extension"].as_array().unwrap();
    assert_eq!(extensions.len(), 4);
    assert_eq!(extensions[3], own);
    assert_eq!(header.content()["receiver"]["reference"], "https://x/r");
    assert_eq!(header.content()["reason"]["text"], "why");
}

async fn nobody_can_forge_what_the_server_says(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut message = about_patient(&patient("p1"));
    let forged = json!([
        { "url": kt("MessageHeader#ProcessingStatus"), "extension": [
            { "url": kt("MessageHeader#ProcessingStatusStatus"), "valueCode": "Success" },
        ] },
        { "url": kt("MessageHeader#IsExpired"), "valueBoolean": true },
        { "url": kt("Profile/MessageHeader#IsExpired"), "valueBoolean": true },
    ]);
    let extensions = message.header()["extension"].as_array_mut().unwrap();
    extensions.extend(forged.as_array().unwrap().clone());
    // The mark where the status goes, in every place a sender can write to.
    message.header()["source"]["name"] = "\u{1}".into();
    message.header()["id"] = "\u{1}".into();
    extensions_of(&mut message)[0]["id"] = "\u{1}x".into();
    message.0["entry"][0]["title"] = "forged".into();
    message.0["entry"][0]["link"] = json!([{ "rel": "self", "href": "https://forged" }]);
    app.sent(&message).await;
    let header = app.b().claim().await.message();
    assert_eq!(header.status(), "Claimed");
    assert!(!header.is_expired());
    assert_eq!(header.content()["extension"].as_array().unwrap().len(), 3);
    assert_eq!(header.content()["source"]["name"], "\u{1}");
    assert!(header.self_link().starts_with(&app.url("MessageHeader/")));
}

fn extensions_of(message: &mut crate::support::message::Message) -> &mut Vec<Value> {
    message.header()["extension"].as_array_mut().unwrap()
}
