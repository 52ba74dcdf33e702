//! PUT of a ProcessingStatus.

use serde_json::json;

use crate::support::client::{Header, kt, to_xml};
use crate::support::message::{Resource, about_patient, patient};
use crate::support::{Engine, TestApp};

on_both_engines!(
    a_status_is_put_at_either_url,
    it_can_be_put_as_xml_without_a_type,
    one_stale_body_serves_twice,
    a_new_message_may_be_finished_without_a_claim,
    a_failure_says_why,
    what_is_put_back_can_be_claimed_again,
    after_five_claims_a_message_waits_no_more,
    the_fifth_attempt_may_still_succeed,
    a_put_claim_counts_as_a_claim,
    only_the_recipient_may_put,
    nothing_but_the_status_is_taken,
    other_codes_are_refused,
    an_unknown_message_is_not_found,
    a_finished_message_stays_finished,
    a_failed_message_can_be_put_back_with_fresh_retries,
);

async fn claimed(app: &TestApp) -> Header {
    app.sent_patient("p1").await;
    app.b().claim().await.message()
}

async fn status_of(app: &TestApp, header: &Header) -> String {
    app.b().by_id(&header.number().to_string()).await.message().status()
}

// T57
async fn a_status_is_put_at_either_url(engine: Engine) {
    let app = TestApp::start(engine).await;
    for versioned in [true, false] {
        app.sent_patient(if versioned { "p1" } else { "p2" }).await;
        let header = app.b().claim().await.message();
        let url = if versioned { header.self_link() } else { header.id() };
        let answer = app.b().put(&url, header.with_status("Success")).await.expect(200);
        assert_eq!(answer.json()["resourceType"], "MessageHeader");
        let now = app.b().by_id(&header.number().to_string()).await.message();
        assert_eq!(now.status(), "Success");
        assert_ne!(now.self_link(), header.self_link());
        assert!(now.self_link() > header.self_link());
        assert_eq!(answer.header("content-location"), Some(now.self_link().as_str()));
        assert_eq!(answer.json(), *now.content());
    }
}

async fn it_can_be_put_as_xml_without_a_type(engine: Engine) {
    let app = TestApp::start(engine).await;
    let header = claimed(&app).await;
    let body = to_xml(&header.with_status("Success"));
    app.b().content_type("").put(&header.self_link(), body).await.expect(200);
    assert_eq!(status_of(&app, &header).await, "Success");
}

// T58
async fn one_stale_body_serves_twice(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    let header = app.b().browse("").await.message();
    app.b().put(&header.self_link(), header.with_status("Claimed")).await.expect(200);
    assert_eq!(status_of(&app, &header).await, "Claimed");
    assert!(app.b().claim().await.is_empty());
    app.b().put(&header.self_link(), header.with_status("Success")).await.expect(200);
    assert_eq!(status_of(&app, &header).await, "Success");
}

// T59
async fn a_new_message_may_be_finished_without_a_claim(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    let header = app.b().browse("").await.message();
    assert_eq!(header.status(), "New");
    app.b().put(&header.id(), header.with_status("Success")).await.expect(200);
    assert!(app.b().claim().await.is_empty());
}

// T60
async fn a_failure_says_why(engine: Engine) {
    let app = TestApp::start(engine).await;
    let header = claimed(&app).await;
    let why = "Wachtwoord \"fout\" <b>é</b>\n  at line 3";
    let body = header.with_status_and("Failed", Some(why));
    app.b().put(&header.id(), body).await.expect(200);
    for client in [app.b(), app.b().xml()] {
        let now = client.by_id(&header.number().to_string()).await.message();
        assert_eq!(now.status(), "Failed");
        assert_eq!(now.exception().as_deref(), Some(why));
    }
    let long = header.with_status_and("Failed", Some(&"\u{0}é".repeat(10_000)));
    app.b().put(&header.id(), long).await.expect(200);
    app.b().put(&header.id(), header.with_status("Failed")).await.expect(200);
    assert_eq!(app.b().by_id(&header.number().to_string()).await.message().exception(), None);
}

// T61
async fn what_is_put_back_can_be_claimed_again(engine: Engine) {
    let app = TestApp::start(engine).await;
    let header = claimed(&app).await;
    app.b().put(&header.id(), header.with_status("New")).await.expect(200);
    assert_eq!(app.b().claim().await.message().number(), header.number());
}

// T63
async fn after_five_claims_a_message_waits_no_more(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    let mut last = None;
    for attempt in 1..=5 {
        let header = app.b().claim().await.message();
        app.b().put(&header.id(), header.with_status("New")).await.expect(200);
        let expected = if attempt < 5 { "New" } else { "MaximumRetriesExceeded" };
        assert_eq!(status_of(&app, &header).await, expected, "attempt {attempt}");
        last = Some(header);
    }
    assert!(app.b().claim().await.is_empty());
    // An operator, or the recipient itself, may give it another round.
    let header = last.unwrap();
    app.b().put(&header.id(), header.with_status("New")).await.expect(200);
    assert!(!app.b().claim().await.is_empty());
}

async fn the_fifth_attempt_may_still_succeed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut header = claimed(&app).await;
    for _ in 0..4 {
        app.b().put(&header.id(), header.with_status("New")).await.expect(200);
        header = app.b().claim().await.message();
    }
    app.b().put(&header.id(), header.with_status("Success")).await.expect(200);
    assert_eq!(status_of(&app, &header).await, "Success");
}

async fn a_put_claim_counts_as_a_claim(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    let header = app.b().browse("").await.message();
    for _ in 0..5 {
        assert_eq!(status_of(&app, &header).await, "New");
        app.b().put(&header.id(), header.with_status("Claimed")).await.expect(200);
        app.b().put(&header.id(), header.with_status("Claimed")).await.expect(200);
        app.b().put(&header.id(), header.with_status("New")).await.expect(200);
    }
    assert_eq!(status_of(&app, &header).await, "MaximumRetriesExceeded");
}

// T64
async fn only_the_recipient_may_put(engine: Engine) {
    let app = TestApp::start(engine).await;
    let header = claimed(&app).await;
    for user in ["a", "c", "n"] {
        let answer = app.user(user).put(&header.id(), header.with_status("Success")).await;
        assert_eq!(answer.expect(403).code(), "forbidden");
    }
    // Another domain does not even hear that it exists.
    app.user("x").put(&header.id(), header.with_status("Success")).await.expect(404);
    assert_eq!(status_of(&app, &header).await, "Claimed");
}

// T65
async fn nothing_but_the_status_is_taken(engine: Engine) {
    let app = TestApp::start(engine).await;
    let header = claimed(&app).await;
    let mut body: serde_json::Value = serde_json::from_str(&header.with_status("Success")).unwrap();
    body["event"]["code"] = "CreateOrUpdateCarePlan".into();
    body["source"]["software"] = "other".into();
    body["identifier"] = "other".into();
    body["data"] = json!([]);
    body["extension"][0]["valueResource"]["reference"] = "https://other".into();
    body["extension"][1]["extension"][1]["valueInstant"] = "2000-01-01T00:00:00Z".into();
    app.b().put(&header.id(), body.to_string()).await.expect(200);
    let now = app.b().by_id(&header.number().to_string()).await.message();
    assert_eq!(now.status(), "Success");
    for name in ["event", "source", "identifier", "data", "timestamp"] {
        assert_eq!(now.content()[name], header.content()[name], "{name}");
    }
    assert_eq!(now.content()["extension"][0], header.content()["extension"][0]);
    let changed = now.status_part("ProcessingStatusStatusLastChanged", "valueInstant").unwrap();
    assert!(changed.as_str() > "2024");
    // A reduced copy is enough.
    app.sent_patient("p2").await;
    let header = app.b().claim().await.message();
    let reduced = json!({
        "resourceType": "MessageHeader",
        "extension": [{
            "url": kt("MessageHeader#ProcessingStatus"),
            "extension": [{ "url": kt("MessageHeader#ProcessingStatusStatus"), "valueCode": "Success" }],
        }],
    });
    app.b().put(&header.id(), reduced.to_string()).await.expect(200);
    assert_eq!(status_of(&app, &header).await, "Success");
}

// T66
async fn other_codes_are_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let header = claimed(&app).await;
    for code in ["Foo", "success", "", "ReplacedByNewVersion", "MaximumRetriesExceeded", "Archived"]
    {
        app.b().put(&header.id(), header.with_status(code)).await.expect(400);
    }
    let mut bare = header.content().clone();
    bare.as_object_mut().unwrap().remove("extension");
    assert_eq!(app.b().put(&header.id(), bare.to_string()).await.expect(400).code(), "required");
    for body in ["", "{", "<x", "[]", r#"{"resourceType":"Patient"}"#] {
        assert_eq!(app.b().put(&header.id(), body).await.expect(400).code(), "structure", "{body}");
    }
    let null = r#"{"resourceType":"MessageHeader","extension":[null]}"#;
    app.b().put(&header.id(), null).await.expect(500);
    assert_eq!(status_of(&app, &header).await, "Claimed");
}

// T67
async fn an_unknown_message_is_not_found(engine: Engine) {
    let app = TestApp::start(engine).await;
    let header = claimed(&app).await;
    let body = header.with_status("Success");
    for path in [
        "MessageHeader/1",
        "MessageHeader/1/_history/x",
        "MessageHeader/abc",
        "MessageHeader/-1",
        "MessageHeader/99999999999999999999",
    ] {
        assert_eq!(app.b().put(path, body.clone()).await.expect(404).code(), "not-found");
    }
}

async fn a_finished_message_stays_finished(engine: Engine) {
    let app = TestApp::start(engine).await;
    let header = claimed(&app).await;
    app.b().put(&header.id(), header.with_status("Success")).await.expect(200);
    for status in ["New", "Claimed", "Failed", "Success"] {
        let answer = app.b().put(&header.id(), header.with_status(status)).await.expect(200);
        assert!(answer.text.contains("\"Success\""), "{}", answer.text);
    }
    assert!(app.b().claim().await.is_empty());
}

async fn a_failed_message_can_be_put_back_with_fresh_retries(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut header = claimed(&app).await;
    for _ in 0..3 {
        app.b().put(&header.id(), header.with_status("New")).await.expect(200);
        header = app.b().claim().await.message();
    }
    app.b().put(&header.id(), header.with_status("Failed")).await.expect(200);
    app.b().put(&header.id(), header.with_status("New")).await.expect(200);
    for _ in 0..4 {
        header = app.b().claim().await.message();
        app.b().put(&header.id(), header.with_status("New")).await.expect(200);
    }
    assert_eq!(status_of(&app, &header).await, "New");
    let sent: &Resource = &patient("p2");
    app.sent(&about_patient(sent)).await;
}
