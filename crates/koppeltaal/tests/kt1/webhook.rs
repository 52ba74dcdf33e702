//! The webhook of a recipient.

use std::time::Duration;

use koppeltaal_auth::SealKey;
use koppeltaal_auth::seal::DEVELOPMENT_KEY;
use koppeltaal_core::directory::Webhook;

use crate::support::hook::Hook;
use crate::support::message::{about_patient, patient};
use crate::support::{Engine, TestApp, eventually};

on_both_engines!(
    a_recipient_is_told_of_a_message_without_its_content,
    an_endpoint_that_fails_is_tried_five_times,
    a_dead_endpoint_delays_nobody,
);

fn webhook(url: &str) -> Option<Webhook> {
    let secret = SealKey::parse(DEVELOPMENT_KEY).unwrap().seal("s3cret").unwrap();
    Some(Webhook {
        url: url.to_owned(),
        headers: [("X-Koppeltaal-Secret".to_owned(), secret)].into(),
    })
}

// T91
async fn a_recipient_is_told_of_a_message_without_its_content(engine: Engine) {
    let hook = Hook::answering(204).await;
    let app = TestApp::build(engine)
        .setup(|setup| setup.instance("b").webhook = webhook(&hook.url))
        .start()
        .await;
    let sent = about_patient(&patient("p1"));
    app.sent(&sent).await;
    eventually("the notification", async || !hook.received().is_empty()).await;
    let received = &hook.received()[0];
    assert!(received.line.starts_with("POST /hook "), "{}", received.line);
    assert!(received.body.is_empty());
    let identifier = sent.identifier();
    for (name, value) in [
        ("content-length", "0"),
        ("koppeltaalmessageidentifier", identifier.as_str()),
        ("x-koppeltaal-secret", "s3cret"),
        ("content-type", "application/json"),
        ("accept", "application/json"),
    ] {
        assert_eq!(received.header(name), Some(value), "{name}");
    }
    let category = received.header("category").unwrap();
    assert!(
        category.starts_with("http://ggz.koppeltaal.nl/fhir/Koppeltaal/Domain#Domein D;"),
        "{category}"
    );
    // A definition is told of as well.
    let definition = serde_json::json!({
        "resourceType": "Other",
        "extension": [{
            "url": crate::support::client::kt("ActivityDefinition#ActivityDefinitionIdentifier"),
            "valueString": "d1",
        }],
        "code": { "coding": [{ "system": crate::support::client::kt("OtherResourceUsage"), "code": "ActivityDefinition" }] },
    });
    app.a().post("Other", definition.to_string()).await.expect(201);
    eventually("the second", async || hook.received().len() == 2).await;
}

// T92
async fn an_endpoint_that_fails_is_tried_five_times(engine: Engine) {
    let hook = Hook::answering(500).await;
    let app = TestApp::build(engine)
        .setup(|setup| setup.instance("b").webhook = webhook(&hook.url))
        .config(|config| config.kt1.webhook_first_retry = Duration::from_millis(5))
        .start()
        .await;
    app.sent_patient("p1").await;
    let dead = "SELECT COUNT(*) FROM outbox WHERE state = 2";
    eventually("the dead letter", async || app.number(dead).await == 1).await;
    assert_eq!(hook.received().len(), 5);
    assert_eq!(app.number("SELECT COUNT(*) FROM attempt").await, 5);
    assert_eq!(app.b().browse("").await.message().status(), "New");
}

async fn a_dead_endpoint_delays_nobody(engine: Engine) {
    let hook = Hook::answering(200).await;
    // Nobody listens on port 1.
    let app = TestApp::build(engine)
        .setup(|setup| {
            setup.instance("a").webhook = webhook("http://127.0.0.1:1/hook");
            setup.instance("b").webhook = webhook(&hook.url);
        })
        .start()
        .await;
    for number in 0..20 {
        app.sent_patient(&format!("p{number}")).await;
    }
    eventually("all twenty", async || hook.received().len() == 20).await;
}
