//! What is no request of single sign-on at all.

use reqwest::Method;

use crate::cast::{BACK, Browser, PATIENT, build, start};
use crate::support::Engine;

on_both_engines!(
    a_parameter_is_given_once,
    odd_bodies_and_values_are_refused,
    limits_of_an_instance_hold_for_launches,
);

async fn a_parameter_is_given_once(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let launch = browser.launched("AppB").await;
    let code = browser.code("AppB").await;
    let twice = [("client_id", "AppB"), ("Client_ID", "AppB")];
    browser.get("Launch", &twice).user("a").seen().await.expect(400);
    let seen = browser.authorize("AppB", &launch, BACK).form(&[("state", "x")]).seen().await;
    // A GET has no form.
    assert!(seen.expect(302).sent("code").is_some());
    let both = browser.ask(Method::POST, "Token", &[("code", &code)]).form(&[("CODE", &code)]);
    assert_eq!(both.seen().await.expect(400).error().0, "invalid_request");
    browser.token_of_b(&code).seen().await.expect(200);
}

async fn odd_bodies_and_values_are_refused(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let ask = browser.ask(Method::POST, "Token", &[]).header("content-type", "application/json");
    let seen = ask.body("{\"grant_type\":\"authorization_code\"}").seen().await.expect(400);
    assert_eq!(seen.error().0, "invalid_request");
    let large = "x".repeat(70_000);
    let ask = browser.post("Token", &[("grant_type", "authorization_code"), ("code", &large)]);
    ask.seen().await.expect(413);
    let long = "x".repeat(9000);
    browser.get("Token", &[("code", &long)]).seen().await.expect(400);
    for odd in ["\0", "a\0b"] {
        browser.get("Token", &[("code", odd)]).seen().await.expect(400);
        browser.authorize("AppB", odd, BACK).seen().await.expect(400);
        let query = [("client_id", "AppB"), ("patient", PATIENT), ("intent", odd)];
        browser.get("Launch", &query).user("a").seen().await.expect(400);
    }
    let query = [("client_id", "AppB"), ("patient", "https://a.example/\r\nX-Evil: 1")];
    browser.get("Launch", &query).user("a").seen().await.expect(400);
    let many: Vec<String> = (0..100).map(|n| format!("p{n}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "1")).collect();
    browser.get("Authorize", &many).seen().await.expect(400);
}

async fn limits_of_an_instance_hold_for_launches(engine: Engine) {
    let app = build(engine)
        .config(|config| {
            config.limits.requests_per_second = 1;
            config.limits.burst = 3;
        })
        .start()
        .await;
    let browser = Browser::new(&app);
    let mut refused = None;
    for _ in 0..20 {
        let seen = browser.launch("AppB").seen().await;
        if seen.status == 429 {
            refused = Some(seen);
            break;
        }
        seen.expect(302);
    }
    let refused = refused.expect("a flood is refused");
    assert_eq!(refused.issue(), "throttled");
    assert!(refused.header("retry-after").is_some());
}
