//! A newer message about the same focal resource takes the place of the older.

use crate::support::client::Header;
use crate::support::message::{Resource, about_plan, care_plan, message, patient};
use crate::support::{Engine, TestApp};

on_both_engines!(
    the_older_message_is_replaced_before_it_is_read,
    a_message_that_was_handled_stays_handled,
    other_focal_resources_and_events_are_left_alone,
    a_replaced_message_stays_replaced,
    a_claimed_or_failed_message_is_replaced_too,
    each_recipient_has_its_own,
);

async fn plan(app: &TestApp, name: &str) -> (Resource, Resource) {
    let p = patient("p1");
    let plan = care_plan(name, &p);
    let answer = app.sent(&about_plan(&plan, &p, &[]).identified(&format!("{name}-1"))).await;
    (plan.now(&answer), p.now(&answer))
}

async fn again(
    app: &TestApp,
    (plan, patient): &(Resource, Resource),
    identifier: &str,
) -> Resource {
    let answer = app.sent(&about_plan(plan, patient, &[]).identified(identifier)).await;
    plan.now(&answer)
}

async fn header(app: &TestApp, user: &str, identifier: &str) -> Header {
    app.user(user).by_id(identifier).await.message()
}

async fn statuses(app: &TestApp, identifiers: &[&str]) -> Vec<String> {
    let mut statuses = Vec::new();
    for identifier in identifiers {
        statuses.push(header(app, "b", identifier).await.status());
    }
    statuses
}

// T68
async fn the_older_message_is_replaced_before_it_is_read(engine: Engine) {
    let app = TestApp::start(engine).await;
    let sent = plan(&app, "c1").await;
    let before = header(&app, "b", "c1-1").await;
    again(&app, &sent, "c1-2").await;
    assert_eq!(statuses(&app, &["c1-1", "c1-2"]).await, ["ReplacedByNewVersion", "New"]);
    assert!(header(&app, "b", "c1-1").await.self_link() > before.self_link());
    assert_eq!(app.b().claim().await.message().identifier(), "c1-2");
    assert!(app.b().claim().await.is_empty());
}

// T69
async fn a_message_that_was_handled_stays_handled(engine: Engine) {
    let app = TestApp::start(engine).await;
    let sent = plan(&app, "c1").await;
    let claimed = app.b().claim().await.message();
    app.b().put(&claimed.id(), claimed.with_status("Success")).await.expect(200);
    again(&app, &sent, "c1-2").await;
    assert_eq!(statuses(&app, &["c1-1", "c1-2"]).await, ["Success", "New"]);
}

// T70
async fn other_focal_resources_and_events_are_left_alone(engine: Engine) {
    let app = TestApp::start(engine).await;
    let sent = plan(&app, "c1").await;
    let p = sent.1.clone();
    let second = care_plan("c2", &p);
    app.sent(&about_plan(&second, &p, &[]).identified("c2-1")).await;
    // The same resource under another event has a life of its own.
    let answer =
        app.sent(&message("CreateOrUpdateUserMessage", &sent.0, &[]).identified("u")).await;
    assert_eq!(statuses(&app, &["c1-1", "c2-1", "u"]).await, ["New", "New", "New"]);
    again(&app, &(sent.0.now(&answer), p), "c1-2").await;
    let now = statuses(&app, &["c1-1", "c2-1", "u", "c1-2"]).await;
    assert_eq!(now, ["ReplacedByNewVersion", "New", "New", "New"]);
}

// T71
async fn a_replaced_message_stays_replaced(engine: Engine) {
    let app = TestApp::start(engine).await;
    let sent = plan(&app, "c1").await;
    let claimed = app.b().claim().await.message();
    again(&app, &sent, "c1-2").await;
    for status in ["Success", "Failed", "New", "Claimed"] {
        app.b().put(&claimed.id(), claimed.with_status(status)).await.expect(200);
        assert_eq!(statuses(&app, &["c1-1"]).await, ["ReplacedByNewVersion"]);
    }
    assert_eq!(app.b().claim().await.message().identifier(), "c1-2");
}

async fn a_claimed_or_failed_message_is_replaced_too(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut sent = plan(&app, "c1").await;
    for (number, status) in ["Claimed", "Failed", "MaximumRetriesExceeded"].iter().enumerate() {
        let (old, new) = (format!("c1-{}", number + 1), format!("c1-{}", number + 2));
        let claimed = app.b().claim().await.message();
        assert_eq!(claimed.identifier(), old);
        if *status == "MaximumRetriesExceeded" {
            for _ in 0..4 {
                app.b().put(&claimed.id(), claimed.with_status("New")).await.expect(200);
                app.b().claim().await;
            }
            app.b().put(&claimed.id(), claimed.with_status("New")).await.expect(200);
        } else {
            app.b().put(&claimed.id(), claimed.with_status(status)).await.expect(200);
        }
        assert_eq!(statuses(&app, &[&old]).await, [*status]);
        sent.0 = again(&app, &sent, &new).await;
        assert_eq!(statuses(&app, &[&old, &new]).await, ["ReplacedByNewVersion", "New"]);
    }
}

async fn each_recipient_has_its_own(engine: Engine) {
    let app = TestApp::start(engine).await;
    let sent = plan(&app, "c1").await;
    let of_b = header(&app, "b", "c1-1").await;
    let of_c = header(&app, "c", "c1-1").await;
    assert_ne!(of_b.number(), of_c.number());
    app.b().put(&of_b.id(), of_b.with_status("Success")).await.expect(200);
    again(&app, &sent, "c1-2").await;
    assert_eq!(header(&app, "b", "c1-1").await.status(), "Success");
    assert_eq!(header(&app, "c", "c1-1").await.status(), "ReplacedByNewVersion");
}
