//! The mailbox with an access token: that of the launched instance, as far as it is
//! about the patient of the launch.

use koppeltaal_core::audit::Action;
use serde_json::json;

use crate::cast::{Browser, start, with_token};
use crate::support::client::kt;
use crate::support::message::{
    about_patient, about_plan, care_plan, message, patient, practitioner,
};
use crate::support::setup::E;
use crate::support::{Engine, TestApp, eventually};

on_both_engines!(
    only_messages_of_the_patient_are_claimed,
    another_patient_is_not_asked_for,
    one_message_is_read_and_set_when_it_is_of_the_patient,
    a_message_is_sent_about_the_patient_only,
    definitions_are_read_and_not_published,
    what_is_done_is_recorded_with_its_user,
    parallel_claims_never_get_the_same_message,
    a_message_of_another_domain_is_refused,
);

/// A token of B for this patient of A.
async fn token_for(app: &TestApp, name: &str) -> String {
    Browser::new(app).access_for(&patient(name).url).await
}

// T31
async fn only_messages_of_the_patient_are_claimed(engine: Engine) {
    let app = start(engine).await;
    let p1 = app.sent_patient("p1").await;
    app.sent_patient("p2").await;
    app.sent(&about_plan(&care_plan("c1", &p1), &p1, &[])).await;
    app.sent(&message("CreateOrUpdatePractitioner", &practitioner("d1"), &[])).await;
    // The launch may name the patient in a version.
    let token = Browser::new(&app).access_for(&p1.link()).await;
    let client = with_token(&app, &token);
    assert_eq!(client.browse("").await.entries().len(), 2);
    assert_eq!(client.browse("").await.json()["totalResults"], "2");
    for event in ["CreateOrUpdatePatient", "CreateOrUpdateCarePlan"] {
        assert_eq!(client.claim().await.message().event(), event);
    }
    assert!(client.claim().await.is_empty());
    assert!(with_token(&app, &token).xml().claim().await.is_empty());
    // The instance itself sees all of it.
    assert_eq!(app.b().browse("").await.entries().len(), 4);
    assert_eq!(app.b().browse("ProcessingStatus=Claimed").await.entries().len(), 2);
}

// T33
async fn another_patient_is_not_asked_for(engine: Engine) {
    let app = start(engine).await;
    let (p1, p2) = (app.sent_patient("p1").await, app.sent_patient("p2").await);
    let client = with_token(&app, &token_for(&app, "p1").await);
    for query in ["", "_query=MessageHeader.GetNextNewAndClaim&"] {
        let path = format!("MessageHeader/_search?{query}patient={}", p2.link());
        assert_eq!(client.get(&path).await.expect(403).code(), "forbidden");
    }
    assert_eq!(client.browse(&format!("Patient={}", p1.link())).await.entries().len(), 1);
    assert!(!client.claim_with(&format!("&Patient={}", p1.url)).await.is_empty());
    assert_eq!(app.b().browse("ProcessingStatus=New").await.entries().len(), 1);
}

async fn one_message_is_read_and_set_when_it_is_of_the_patient(engine: Engine) {
    let app = start(engine).await;
    app.sent_patient("p1").await;
    app.sent_patient("p2").await;
    let headers = app.b().browse("").await.messages();
    let of_a = app.a().browse("").await.messages();
    let client = with_token(&app, &token_for(&app, "p1").await);
    let (own, other) = (&headers[0], &headers[1]);
    client.get(&own.id()).await.expect(200);
    assert!(!client.by_id(&own.number().to_string()).await.is_empty());
    client.put(&own.id(), own.with_status("Success")).await.expect(200);
    // Of another patient, of another instance, or none at all: the same.
    for id in [other.id(), of_a[0].id(), app.url("MessageHeader/1")] {
        client.get(&id).await.expect(404);
        assert_eq!(
            client.put(&id, own.with_status("Success")).await.expect(404).code(),
            "not-found"
        );
        assert!(client.by_id(&id).await.is_empty());
    }
    assert!(client.by_id(&other.identifier()).await.is_empty());
    assert_eq!(app.b().by_id(&other.id()).await.message().status(), "New");
}

// T32, T33
async fn a_message_is_sent_about_the_patient_only(engine: Engine) {
    let app = start(engine).await;
    let (p1, p2) = (app.sent_patient("p1").await, app.sent_patient("p2").await);
    let client = with_token(&app, &token_for(&app, "p1").await);
    // The scope says `.read`; applications send all the same.
    let sent = about_plan(&care_plan("c1", &p1), &p1, &[]);
    client.send(&sent).await.expect(200);
    let received = app.a().browse("event=CreateOrUpdateCarePlan").await;
    assert_eq!(received.messages()[0].identifier(), sent.identifier());
    let stored = app.number("SELECT COUNT(*) FROM kt1_message").await;
    let nobody = about_plan(&care_plan("c2", &p1), &p1, &[]);
    let mut nobody = nobody.clone();
    nobody.header()["extension"] = json!([]);
    for refused in [
        about_plan(&care_plan("c2", &p2), &p2, &[]),
        nobody,
        // The header says one thing and the resources another.
        about_plan(&care_plan("c2", &p2), &p1, &[]),
        about_plan(&care_plan("c2", &p1), &p1, &[&p2]),
        message("CreateOrUpdatePractitioner", &practitioner("d1"), &[]),
    ] {
        assert_eq!(client.send(&refused).await.expect(403).code(), "forbidden");
        client.clone().xml().send(&refused).await.expect(403);
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM kt1_message").await, stored);
    // The patient may be named in a version.
    let versioned = about_plan(&care_plan("c3", &p1), &p1, &[]).about(&p1.link());
    client.send(&versioned).await.expect(200);
}

async fn definitions_are_read_and_not_published(engine: Engine) {
    let app = start(engine).await;
    let client = with_token(&app, &token_for(&app, "p1").await);
    client.get("Other?code=ActivityDefinition").await.expect(200);
    client.get("Device/_search").await.expect(200);
    let definition = json!({
        "resourceType": "Other",
        "extension": [{
            "url": kt("ActivityDefinition#ActivityDefinitionIdentifier"),
            "valueString": "x",
        }],
        "code": { "coding": [{ "system": kt("OtherResourceUsage"), "code": "ActivityDefinition" }] },
    });
    let definition = definition.to_string();
    assert_eq!(client.post("Other", definition.clone()).await.expect(403).code(), "forbidden");
    let made = app.b().post("Other", definition.clone()).await.expect(201);
    client.put(made.header("location").unwrap(), definition).await.expect(403);
}

async fn what_is_done_is_recorded_with_its_user(engine: Engine) {
    let app = start(engine).await;
    app.sent_patient("p1").await;
    let url = patient("p1").url;
    let client = with_token(&app, &token_for(&app, "p1").await);
    client.claim().await;
    let row = app.audited(Action::Claim).await;
    assert_eq!((row.agent, row.patient), (format!("b for {url}"), Some(url.clone())));
    client.send(&about_patient(&patient("p2"))).await.expect(403);
    eventually("the refusal", async || app.audit(Action::Reject).await.len() == 1).await;
    assert_eq!(app.audit(Action::Reject).await[0].agent, format!("b for {url}"));
}

async fn parallel_claims_never_get_the_same_message(engine: Engine) {
    let app = start(engine).await;
    let p1 = app.sent_patient("p1").await;
    for number in 0..7 {
        app.sent(&about_plan(&care_plan(&format!("c{number}"), &p1), &p1, &[])).await;
        app.sent_patient(&format!("other{number}")).await;
    }
    let token = token_for(&app, "p1").await;
    let claims: Vec<_> = (0..16)
        .map(|_| {
            let client = with_token(&app, &token);
            tokio::spawn(async move { client.claim().await })
        })
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    for claim in claims {
        for header in claim.await.unwrap().messages().iter().take(1) {
            assert!(seen.insert(header.number()), "claimed twice");
        }
    }
    while let Some(header) = with_token(&app, &token).claim().await.messages().first() {
        assert!(seen.insert(header.number()), "claimed twice");
    }
    assert_eq!(seen.len(), 8);
    assert_eq!(app.b().browse("ProcessingStatus=New").await.entries().len(), 7);
}

// T38
async fn a_message_of_another_domain_is_refused(engine: Engine) {
    let app = start(engine).await;
    let p1 = app.sent_patient("p1").await;
    let client = with_token(&app, &token_for(&app, "p1").await);
    let stored = app.stored().await;
    let foreign = about_plan(&care_plan("c1", &p1), &p1, &[]).in_domain(E);
    app.a().send(&foreign).await.expect(403);
    client.send(&foreign).await.expect(403);
    assert_eq!(app.stored().await, stored);
    // What a browser sends after signing in: no domain, which means its own.
    client.send(&foreign.in_domain("")).await.expect(200);
}
