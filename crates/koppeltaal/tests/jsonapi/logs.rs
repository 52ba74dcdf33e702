//! The log of requests and the compliance log.

use std::time::Duration;

use koppeltaal_core::administrator::Role;

use crate::support::message::{about_patient, patient};
use crate::support::setup::{D, E};
use crate::support::{Engine, TestApp, eventually};
use crate::world::{admin, system};

const DAY: Duration = Duration::from_secs(86_400);

on_both_engines!(
    requests_are_kept_with_their_documents,
    successes_go_after_a_week_and_failures_after_two,
    the_log_can_be_switched_off,
    what_1_3_5_does_not_allow_is_counted,
);

async fn requests_are_kept_with_their_documents(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("secret-name").await;
    app.a().get("MessageHeader/7?Authorization=Basic%20hidden").await.expect(404);
    let system = system(&app).await;
    eventually("two requests", || async {
        system.get("RequestLog").await.expect(200).total() == 2
    })
    .await;
    let list = system.get("RequestLog").await.expect(200);
    assert!(!list.text.contains("secret-name"), "documents are shown one at a time");
    assert!(!list.text.contains("hidden"), "{}", list.text);
    let failed = system.one("RequestLog", "filter[Failed]=true").await;
    assert_eq!(failed["attributes"]["StatusCode"], 404);
    let sent = system.one("RequestLog", "filter[StatusCode][lt]=300").await;
    assert_eq!(sent["attributes"]["Method"], "POST");
    assert_eq!(sent["attributes"]["InstanceName"], "a");
    let path = format!("RequestLog/{}", sent["id"].as_str().unwrap());
    let one = system.get(&path).await.expect(200);
    assert!(one.attribute("Request").as_str().unwrap().contains("secret-name"));
    assert!(one.attribute("Response").as_str().unwrap().contains("MessageHeader"));
    // Sealed at rest.
    let rows = app.rows("SELECT content FROM request_log").await;
    assert!(!format!("{rows:?}").contains("secret-name"));
    // The domain's administrators see it, others do not.
    admin(&app, Role::Domain, &[D]).await.get(&path).await.expect(200);
    admin(&app, Role::Domain, &[E]).await.get(&path).await.expect(404);
    admin(&app, Role::Application, &["AppA"]).await.get(&path).await.expect(403);
}

// T52
async fn successes_go_after_a_week_and_failures_after_two(engine: Engine) {
    let app = TestApp::build(engine)
        .config(|config| config.kt1.retention_interval = Duration::from_millis(100))
        .start()
        .await;
    app.sent_patient("p").await;
    app.a().get("MessageHeader/7").await.expect(404);
    let system = system(&app).await;
    let total = || async { system.get("RequestLog").await.expect(200).total() };
    eventually("two requests", || async { total().await == 2 }).await;
    app.advance(DAY * 8);
    eventually("the success is gone", || async { total().await == 1 }).await;
    assert_eq!(system.get("RequestLog?filter[Failed]=true").await.expect(200).total(), 1);
    app.advance(DAY * 7);
    eventually("the failure is gone", || async { total().await == 0 }).await;
}

async fn the_log_can_be_switched_off(engine: Engine) {
    let app = TestApp::build(engine)
        .config(|config| config.request_log = koppeltaal_kt1::Keep::Failures)
        .start()
        .await;
    app.sent_patient("p").await;
    app.a().get("MessageHeader/7").await.expect(404);
    let system = system(&app).await;
    eventually("the failure", || async { system.get("RequestLog").await.expect(200).total() == 1 })
        .await;
    let only = system.get("RequestLog").await.expect(200);
    assert_eq!(only.values("Failed"), [true]);
}

async fn what_1_3_5_does_not_allow_is_counted(engine: Engine) {
    let app = TestApp::start(engine).await;
    for _ in 0..3 {
        let mut resource = patient("p");
        resource.version = Some("2019-03-19T08:41:05:117.0342".to_owned());
        resource.url.push_str(&uuid::Uuid::new_v4().to_string());
        app.sent(&about_patient(&resource)).await;
    }
    let system = system(&app).await;
    eventually("the finding", || async {
        let list = system.get("ComplianceLog").await.expect(200);
        list.values("Times") == [3]
    })
    .await;
    let finding = system.one("ComplianceLog", "").await;
    let text = finding["attributes"]["Finding"].as_str().unwrap();
    assert!(text.contains("version this server never saw"), "{text}");
    let own = admin(&app, Role::Application, &["AppA"]).await;
    assert_eq!(own.get("ComplianceLog").await.expect(200).total(), 1);
    let other = admin(&app, Role::Application, &["AppB"]).await;
    assert_eq!(other.get("ComplianceLog").await.expect(200).total(), 0);
}
