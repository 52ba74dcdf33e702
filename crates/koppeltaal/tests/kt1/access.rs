//! Who may call, and from where.

use reqwest::Method;

use crate::support::setup::PASSWORD;
use crate::support::{Engine, TestApp, eventually};

on_both_engines!(
    without_the_right_credentials_nobody_comes_in,
    what_is_switched_off_or_not_approved_stays_outside,
    a_browser_may_call_from_anywhere,
    the_previous_password_works_until_its_time_is_over,
);

// T04
async fn without_the_right_credentials_nobody_comes_in(engine: Engine) {
    let app = TestApp::start(engine).await;
    let path = "MessageHeader/_search";
    app.a().get(path).await.expect(200);
    for client in [
        app.anyone(),
        app.anyone().credentials("a", "wrong"),
        app.anyone().credentials("a", ""),
        app.anyone().credentials("A", PASSWORD),
        app.anyone().credentials("nobody", PASSWORD),
        app.anyone().header("authorization", "Bearer abc"),
        app.anyone().header("authorization", "Basic ???"),
        app.anyone().header("authorization", "Basic"),
    ] {
        for client in [client.clone(), client.xml()] {
            let answer = client.get(path).await.expect(401);
            assert_eq!(answer.code(), "login");
            assert!(answer.header("www-authenticate").unwrap().starts_with("Basic realm="));
        }
    }
    // Every URL but metadata, also those that do not exist.
    for path in ["Mailbox", "MessageHeader/1", "Other", "Device", "Nothing", ""] {
        app.anyone().get(path).await.expect(401);
    }
    app.anyone().post("Mailbox", "{}").await.expect(401);
}

async fn what_is_switched_off_or_not_approved_stays_outside(engine: Engine) {
    let app = TestApp::build(engine)
        .setup(|setup| {
            setup.instance("a").active = Some(false);
            setup.instance("b").status = koppeltaal_core::directory::InstanceStatus::Pending;
            setup.application("AppC").active = false;
            setup.domain(crate::support::setup::E).active = false;
        })
        .start()
        .await;
    for user in ["a", "b", "c", "x"] {
        app.user(user).get("Other").await.expect(401);
    }
    app.user("n").get("Other").await.expect(200);
}

// T06
async fn a_browser_may_call_from_anywhere(engine: Engine) {
    let app = TestApp::start(engine).await;
    let preflight = app
        .anyone()
        .header("origin", "https://game.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,x-more")
        .call(Method::OPTIONS, "Mailbox", None)
        .await;
    assert!([200, 204].contains(&preflight.status));
    assert_eq!(preflight.header("access-control-allow-origin"), Some("*"));
    let methods = preflight.header("access-control-allow-methods").unwrap();
    for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
        assert!(methods.contains(method), "{methods}");
    }
    let headers = preflight.header("access-control-allow-headers").unwrap().to_lowercase();
    for header in ["authorization", "content-type", "accept", "x-more"] {
        assert!(headers.contains(header), "{headers}");
    }
    // Answers of every kind can be read, and the headers that clients need.
    for answer in [app.a().get("Other").await, app.anyone().get("Other").await] {
        let exposed = answer.header("access-control-expose-headers").unwrap();
        assert!(exposed.contains("Location") && exposed.contains("Content-Location"), "{exposed}");
    }
}

async fn the_previous_password_works_until_its_time_is_over(engine: Engine) {
    use std::time::Duration;

    let until = koppeltaal_core::Timestamp(4_102_444_800_000_000);
    let app = TestApp::build(engine)
        .setup(|setup| {
            let instance = setup.instance("a");
            let hash = instance.password_hash.take();
            instance.password_hash = Some(koppeltaal_auth::password::hash("new one").unwrap());
            instance.previous_password_hash = hash;
            instance.previous_password_until = Some(until);
        })
        .start()
        .await;
    app.anyone().credentials("a", "new one").get("Other").await.expect(200);
    app.a().get("Other").await.expect(200);
    app.advance(until.since(app.now()) + Duration::from_secs(1));
    eventually("the old password stops", async || app.a().get("Other").await.status == 401).await;
    app.anyone().credentials("a", "new one").get("Other").await.expect(200);
}
