//! Nothing crosses from one domain to another: every URL, with the credentials
//! of E and the names of D.

use serde_json::json;

use crate::support::client::kt;
use crate::support::message::{about_patient, patient};
use crate::support::setup::E;
use crate::support::{Engine, TestApp};

on_both_engines!(no_url_reaches_into_another_domain, the_same_resources_live_apart_in_two_domains,);

async fn no_url_reaches_into_another_domain(engine: Engine) {
    let app = TestApp::start(engine).await;
    let p = app.sent_patient("secret-patient").await;
    let header = app.b().claim().await.message();
    let local = json!({
        "resourceType": "Other",
        "extension": [
            { "url": kt("ActivityDefinition#ActivityDefinitionIdentifier"), "valueString": "secret-definition" },
        ],
        "code": { "coding": [{ "system": kt("OtherResourceUsage"), "code": "ActivityDefinition" }] },
    });
    let created = app.a().post("Other", local.to_string()).await.expect(201);
    let definition = created.header("location").unwrap().to_owned();
    let of_d = app.a().get("Device").await.entries();
    let device = of_d[0]["id"].as_str().unwrap();
    let before = app.stored().await;
    let x = app.user("x");
    let number = header.number();
    let status = header.with_status("Success");
    let mut answers = Vec::new();
    for path in [
        "MessageHeader/_search".to_owned(),
        "MessageHeader?include-expired=yes".to_owned(),
        format!("MessageHeader?Patient={}", p.url),
        format!("MessageHeader/_search?_id={number}"),
        format!("MessageHeader/_search?_id={}", header.identifier()),
        format!("MessageHeader/_search?_id={}", header.self_link()),
        "MessageHeader/_search?_query=MessageHeader.GetNextNewAndClaim".to_owned(),
        format!("MessageHeader/_search?_query=MessageHeader.GetNextNewAndClaim&Patient={}", p.url),
        format!("MessageHeader/{number}"),
        header.self_link(),
        "Other?includearchived=yes".to_owned(),
        definition.clone(),
        "Device".to_owned(),
        device.to_owned(),
        "metadata".to_owned(),
    ] {
        for client in [x.clone(), x.clone().xml()] {
            answers.push((path.clone(), client.get(&path).await));
        }
    }
    for url in [header.id(), header.self_link()] {
        answers.push((url.clone(), x.put(&url, status.clone()).await.expect(404)));
    }
    answers.push((definition.clone(), x.put(&definition, local.to_string()).await.expect(404)));
    answers.push(("Mailbox".to_owned(), x.send(&about_patient(&p)).await.expect(403)));
    for (path, answer) in answers {
        // The links of a list repeat what was asked for.
        let asked = if path.contains(&p.url) { p.url.as_str() } else { "nothing" };
        let said = answer.text.replace(asked, "");
        for secret in ["secret-patient", "secret-definition", "AppA", "AppB", "Domein D"] {
            assert!(!said.contains(secret), "{path} tells {secret}: {said}");
        }
        assert!([200, 403, 404].contains(&answer.status), "{path}: {}", answer.status);
    }
    assert_eq!(app.stored().await, before);
    assert_eq!(app.b().by_id(&number.to_string()).await.message().0, header.0);
}

async fn the_same_resources_live_apart_in_two_domains(engine: Engine) {
    let app = TestApp::start(engine).await;
    let in_d = app.sent_patient("p1").await;
    let x = app.user("x");
    let new = about_patient(&patient("p1")).in_domain(E);
    let in_e = patient("p1").now(&x.send(&new).await.expect(200));
    assert_ne!(in_d.version, in_e.version);
    // Each domain has versions of its own, and supersedes its own.
    app.a().send(&about_patient(&in_d)).await.expect(200);
    assert_eq!(x.claim().await.message().status(), "Claimed");
    x.send(&about_patient(&in_e).in_domain(E)).await.expect(200);
    assert_eq!(app.b().browse("ProcessingStatus=New").await.entries().len(), 1);
    let domains = app.number("SELECT COUNT(DISTINCT domain) FROM kt1_resource").await;
    assert_eq!(domains, 2);
}
