//! One message, by whatever name it is asked for; Devices.

use serde_json::json;

use crate::support::client::kt;
use crate::support::message::{about_patient, patient};
use crate::support::{Engine, TestApp};

on_both_engines!(
    a_message_answers_to_all_of_its_names,
    a_message_of_another_mailbox_is_not_there,
    a_bare_header_can_be_read,
    the_applications_of_the_domain_are_devices,
    a_subscription_cannot_be_posted,
);

// T76
async fn a_message_answers_to_all_of_its_names(engine: Engine) {
    let app = TestApp::start(engine).await;
    let sent = about_patient(&patient("p1"));
    app.sent(&sent).await;
    let stale = app.b().browse("").await.message().self_link();
    let header = app.b().claim().await.message();
    let current = header.self_link();
    assert_ne!(stale, current);
    let encoded = current.replace(':', "%3A").replace('/', "%2F");
    for id in [header.number().to_string(), header.id(), current, stale, encoded, sent.identifier()]
    {
        let found = app.b().by_id(&id).await;
        assert_eq!(found.entries().len(), 2, "{id}");
        assert_eq!(found.message().0, header.0, "{id}");
        assert_eq!(found.json()["id"], sent.id());
        assert!(app.b().xml().by_id(&id).await.text.starts_with("<feed"));
    }
    // An identifier that looks like a number.
    app.sent(&about_patient(&patient("p2")).identified("12345")).await;
    assert_eq!(app.b().by_id("12345").await.message().identifier(), "12345");
    for id in ["1", "nonsense", "https://elsewhere/MessageHeader/1", "-1", "urn:uuid:x"] {
        assert!(app.b().by_id(id).await.is_empty(), "{id}");
    }
    let odd = app.b().get("MessageHeader/_search?_id=%00").await;
    assert!([200, 400].contains(&odd.status), "{}", odd.text);
}

// T49
async fn a_message_of_another_mailbox_is_not_there(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    let of_a = app.a().browse("").await.message();
    let of_b = app.b().browse("").await.message();
    for (user, header) in [("n", &of_b), ("b", &of_a), ("a", &of_b), ("x", &of_b)] {
        for id in [header.number().to_string(), header.id(), header.self_link()] {
            assert!(app.user(user).by_id(&id).await.is_empty());
        }
        app.user(user).get(&header.id()).await.expect(404);
    }
    assert!(app.user("n").by_id(&of_b.identifier()).await.is_empty());
    assert!(app.user("x").by_id(&of_b.identifier()).await.is_empty());
}

// T77
async fn a_bare_header_can_be_read(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    let header = app.b().browse("").await.message();
    for url in [
        header.id(),
        header.self_link(),
        header.self_link().replace(':', "%3A").replacen("%3A", ":", 2),
    ] {
        let answer = app.b().get(&url).await.expect(200);
        assert_eq!(answer.json(), *header.content());
        assert_eq!(answer.header("content-location"), Some(header.self_link().as_str()));
    }
    let xml = app.b().xml().get(&header.id()).await.expect(200);
    assert!(xml.text.starts_with("<MessageHeader"));
    assert_eq!(xml.json(), *header.content());
    app.b().get("MessageHeader/1").await.expect(404);
}

async fn the_applications_of_the_domain_are_devices(engine: Engine) {
    let app = TestApp::start(engine).await;
    for path in ["Device", "Device/_search", "Device?_count=2"] {
        let mut page = app.a().get(path).await.expect(200);
        let mut names = Vec::new();
        loop {
            for entry in page.entries() {
                let device = &entry["content"];
                assert_eq!(device["resourceType"], "Device");
                names.push(device["identifier"][0]["value"].as_str().unwrap().to_owned());
                let same = app.a().get(entry["id"].as_str().unwrap()).await.expect(200).json();
                assert_eq!(same, *device);
                assert_eq!(device["type"]["coding"][0]["code"], "Application");
                let role = &device["extension"][0];
                assert_eq!(role["url"], kt("Application#ApplicationRoles"));
                assert_eq!(role["valueCodeableConcept"]["coding"][0]["code"], json!("Game"));
            }
            match page.link("next") {
                Some(next) => page = app.a().get(&next).await.expect(200),
                None => break,
            }
        }
        assert_eq!(names, ["AppA", "AppB", "AppC", "AppN"]);
    }
    let of_e = app.user("x").get("Device").await.expect(200).entries();
    assert_eq!(of_e.len(), 1);
    app.a().get(of_e[0]["id"].as_str().unwrap()).await.expect(404);
}

async fn a_subscription_cannot_be_posted(engine: Engine) {
    let app = TestApp::start(engine).await;
    let answer = app.a().post("Subscription", r#"{"resourceType":"Subscription"}"#).await;
    assert_eq!(answer.expect(405).code(), "not-supported");
}
