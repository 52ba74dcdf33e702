//! Authorize: a launch becomes a code, once.

use std::time::Duration;

use crate::cast::{BACK, Browser, ELSEWHERE, build, start};
use crate::support::Engine;
use crate::support::setup::E;

on_both_engines!(
    a_launch_becomes_a_code_without_a_login,
    a_launch_authorizes_once_and_not_for_ever,
    a_launch_belongs_to_its_application,
    only_codes_are_given,
    a_code_goes_nowhere_but_where_it_may,
    an_instance_has_redirect_uris_of_its_own,
    a_scope_is_read_in_any_order_and_refused_when_odd,
    of_those_who_bring_a_launch_at_once_one_gets_a_code,
    an_application_sets_how_long_its_launches_last,
);

// T11
async fn a_launch_becomes_a_code_without_a_login(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let launch = browser.launched("AppB").await;
    let seen = browser.authorize("AppB", &launch, BACK).seen().await.expect(302);
    assert!(seen.header("location").unwrap().starts_with(&format!("{BACK}?code=")));
    assert_eq!(seen.sent("state").as_deref(), Some("s 1&2"));
    assert!(seen.sent("code").unwrap().bytes().all(|b| b.is_ascii_alphanumeric()));
    // The query of the redirect URI stays; the names have any case, the form too.
    let scope = format!("patient/*.* LAUNCH:{}", browser.launched("AppC").await);
    let query = [("Client_Id", "AppC"), ("Response_Type", "code")];
    let form = [("REDIRECT_URI", ELSEWHERE), ("Scope", &scope)];
    let ask = browser.ask(reqwest::Method::POST, "Authorize", &query).form(&form);
    let seen = ask.seen().await.expect(302);
    assert!(seen.header("location").unwrap().starts_with(&format!("{ELSEWHERE}&code=")));
    assert_eq!(seen.sent("state"), None);
}

// T12
async fn a_launch_authorizes_once_and_not_for_ever(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let (launch, late) = (browser.launched("AppB").await, browser.launched("AppB").await);
    browser.authorize("AppB", &launch, BACK).seen().await.expect(302).sent("code").unwrap();
    app.advance(Duration::from_secs(301));
    for launch in [launch.as_str(), late.as_str(), "Lnonsense"] {
        let seen = browser.authorize("AppB", launch, BACK).seen().await.expect(302);
        assert_eq!(seen.sent("error").as_deref(), Some("access_denied"));
        assert_eq!((seen.sent("code"), seen.sent("state").as_deref()), (None, Some("s 1&2")));
    }
}

async fn an_application_sets_how_long_its_launches_last(engine: Engine) {
    let app = build(engine)
        .setup(|setup| {
            setup.application("AppB").launch_lifetime = Some(Duration::from_secs(10));
        })
        .start()
        .await;
    let browser = Browser::new(&app);
    let launch = browser.launched("AppB").await;
    app.advance(Duration::from_secs(11));
    let seen = browser.authorize("AppB", &launch, BACK).seen().await.expect(302);
    assert_eq!(seen.sent("error").as_deref(), Some("access_denied"));
}

// T13
async fn a_launch_belongs_to_its_application(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let launch = browser.launched("AppB").await;
    let seen = browser.authorize("AppC", &launch, ELSEWHERE).seen().await.expect(302);
    assert_eq!(seen.sent("error").as_deref(), Some("access_denied"));
    assert_eq!(seen.sent("code"), None);
    // It was not used by that.
    browser.authorize("AppB", &launch, BACK).seen().await.expect(302).sent("code").unwrap();
}

// T14
async fn only_codes_are_given(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let scope = format!("patient/*.read launch:{}", browser.launched("AppB").await);
    let ask = |response_type: &str| {
        let query = [
            ("client_id", "AppB"),
            ("redirect_uri", BACK),
            ("scope", &scope),
            ("response_type", response_type),
        ];
        browser.get("Authorize", &query)
    };
    let seen = ask("token").seen().await.expect(302);
    assert_eq!(seen.sent("error").as_deref(), Some("unsupported_response_type"));
    let seen = ask("").seen().await.expect(302);
    assert_eq!(seen.sent("error").as_deref(), Some("invalid_request"));
    assert!(ask("code").seen().await.expect(302).sent("code").is_some());
}

// T15
async fn a_code_goes_nowhere_but_where_it_may(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let launch = browser.launched("AppB").await;
    for back in ["", "https://evil.example/", "https://game.example/back/", "/back"] {
        let seen = browser.authorize("AppB", &launch, back).seen().await.expect(400);
        assert_eq!(seen.error().0, "invalid_request", "{back}");
    }
    // Where any may be used, it has to be one.
    let launch = browser.launched("AppC").await;
    for back in ["https://a.example/#x", "javascript:alert(1)", "a.example", "https://a b/"] {
        browser.authorize("AppC", &launch, back).seen().await.expect(400);
    }
    for client in ["", "Nonsense"] {
        browser.authorize(client, &launch, BACK).seen().await.expect(400);
    }
    browser.authorize("AppC", &launch, ELSEWHERE).seen().await.expect(302).sent("code").unwrap();
}

async fn an_instance_has_redirect_uris_of_its_own(engine: Engine) {
    const OWN: &str = "https://own.example/back";
    const OTHER: &str = "https://other.example/back";
    let app = build(engine)
        .setup(|setup| {
            setup.join_too("b2", "AppB", E);
            setup.instance("b").redirect_uris = vec![OWN.to_owned()];
            setup.instance("b2").redirect_uris = vec![OTHER.to_owned()];
        })
        .start()
        .await;
    let browser = Browser::new(&app);
    let launch = browser.launched("AppB").await;
    // What is registered in another domain is told of the failure and gets no code.
    let seen = browser.authorize("AppB", &launch, OTHER).seen().await.expect(302);
    assert_eq!(seen.sent("error").as_deref(), Some("access_denied"));
    browser.authorize("AppB", &launch, OWN).seen().await.expect(302).sent("code").unwrap();
}

// T19
async fn a_scope_is_read_in_any_order_and_refused_when_odd(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let launch = browser.launched("AppB").await;
    let ask = |scope: &str| {
        let query = [
            ("client_id", "AppB"),
            ("redirect_uri", BACK),
            ("response_type", "code"),
            ("scope", scope),
        ];
        browser.get("Authorize", &query)
    };
    for odd in ["", "patient/*.read", "user/*.*"] {
        let seen = ask(odd).seen().await.expect(302);
        assert_eq!(seen.sent("error").as_deref(), Some("invalid_scope"), "{odd}");
    }
    let seen = ask(&format!("launch:{launch}")).seen().await.expect(302);
    assert_eq!(seen.sent("error").as_deref(), Some("invalid_scope"));
    let seen = ask(&format!("launch:{launch} patient/*.read")).seen().await.expect(302);
    assert!(seen.sent("code").is_some());
}

async fn of_those_who_bring_a_launch_at_once_one_gets_a_code(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let launch = browser.launched("AppB").await;
    let asked: Vec<_> =
        (0..8).map(|_| tokio::spawn(browser.authorize("AppB", &launch, BACK).seen())).collect();
    let mut codes = 0;
    for seen in asked {
        codes += usize::from(seen.await.unwrap().expect(302).sent("code").is_some());
    }
    assert_eq!(codes, 1);
}
