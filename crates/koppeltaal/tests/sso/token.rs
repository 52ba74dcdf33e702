//! Token: a code becomes an access token.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::cast::{
    BACK, Browser, ELSEWHERE, PATIENT, SECRET, USER, build, exchange, start, with_token,
};
use crate::support::setup::{D, PASSWORD};
use crate::support::{Engine, TestApp};

on_both_engines!(
    a_confidential_client_gets_what_its_connector_reads,
    the_parameters_may_stand_in_the_query_or_the_form,
    a_public_client_shows_nothing,
    a_confidential_client_shows_its_secret,
    a_secret_may_stand_in_the_form_and_not_in_the_url,
    an_instance_shows_its_own_password,
    a_code_used_twice_ends_what_it_began,
    a_code_is_short_lived_and_bound,
    other_grants_are_refused,
    what_was_said_at_the_launch_comes_back,
    an_application_may_be_refused_tokens_by_get,
    guesses_at_a_secret_are_slowed_down,
    an_application_sets_how_long_its_tokens_last,
);

// T20
async fn a_confidential_client_gets_what_its_connector_reads(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let parameters =
        [("client_id", "AppC"), ("patient", PATIENT), ("user", USER), ("resource", "act1")];
    let launch = browser.get("Launch", &parameters).user("a").seen().await.expect(302);
    let launch = launch.sent("launch_id").unwrap();
    let seen = browser.authorize("AppC", &launch, ELSEWHERE).seen().await.expect(302);
    let seen = browser.token_of_c(&seen.sent("code").unwrap()).seen().await.expect(200);
    assert_eq!(seen.header("pragma"), Some("no-cache"));
    let mut token = seen.json();
    let members = token.as_object_mut().unwrap();
    for name in ["access_token", "refresh_token"] {
        let text = members.remove(name).unwrap();
        assert!(text.as_str().unwrap().bytes().all(|b| b.is_ascii_alphanumeric()), "{text}");
    }
    assert_eq!(
        token,
        json!({
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "patient/*.read",
            "patient": PATIENT,
            "user": USER,
            "resource": "act1",
            "domain": D,
        })
    );
}

// T21
async fn the_parameters_may_stand_in_the_query_or_the_form(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let code = browser.code("AppC").await;
    let ask = browser.post("Token", &exchange(&code, ELSEWHERE)).basic("AppC", SECRET);
    ask.seen().await.expect(200);
    let code = browser.code("AppC").await;
    let ask = browser.ask(Method::POST, "Token", &exchange(&code, ELSEWHERE)).basic("AppC", SECRET);
    ask.seen().await.expect(200);
    let code = browser.code("AppC").await;
    let all = exchange(&code, ELSEWHERE);
    let ask = browser.ask(Method::POST, "token", &all[..1]).form(&all[1..]).basic("AppC", SECRET);
    ask.seen().await.expect(200);
    // Browsers of old name JSON on everything.
    let code = browser.code("AppC").await;
    let ask = browser.token_of_c(&code).header("content-type", "application/json");
    ask.seen().await.expect(200);
}

// T22
async fn a_public_client_shows_nothing(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let token = browser.signed_in("AppB").await.json();
    assert!(token.get("refresh_token").is_none(), "{token}");
    let code = browser.code("AppB").await;
    let named = |id: &'static str| {
        let [grant, code, back] = exchange(&code, BACK);
        browser.post("Token", &[grant, code, back, ("client_id", id)])
    };
    assert_eq!(named("AppC").seen().await.expect(400).error().0, "invalid_grant");
    named("AppB").seen().await.expect(200);
}

// T23, T24
async fn a_confidential_client_shows_its_secret(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let code = browser.code("AppC").await;
    let ask = || browser.get("Token", &exchange(&code, ELSEWHERE));
    let seen = ask().seen().await.expect(400);
    assert_eq!(seen.error(), ("invalid_client".to_owned(), "login".to_owned()));
    assert!(seen.header("www-authenticate").is_none());
    for ask in [
        ask().basic("AppC", "wrong"),
        ask().basic("AppC", "s3cr"),
        ask().basic("AppB", ""),
        ask().basic("nobody", SECRET),
        ask().bearer("x"),
        ask().header("authorization", "Basic ???"),
    ] {
        let seen = ask.seen().await.expect(401);
        assert_eq!(seen.error().0, "invalid_client");
        assert!(seen.header("www-authenticate").unwrap().starts_with("Basic"), "{seen:?}");
    }
    // Wrong credentials are wrong also where none are needed.
    let public = browser.code("AppB").await;
    browser.token_of_b(&public).basic("AppB", "x").seen().await.expect(401);
    // The code is not used by that.
    ask().basic("AppC", SECRET).seen().await.expect(200);
}

async fn a_secret_may_stand_in_the_form_and_not_in_the_url(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let code = browser.code("AppC").await;
    let credentials = [("client_id", "AppC"), ("client_secret", SECRET)];
    let wrong = [("client_id", "AppC"), ("client_secret", "wrong")];
    let exchange = exchange(&code, ELSEWHERE);
    let ask = browser.ask(Method::POST, "Token", &credentials).form(&exchange);
    assert_eq!(ask.seen().await.expect(400).error().0, "invalid_request");
    let ask = browser.ask(Method::POST, "Token", &exchange).form(&credentials);
    let seen = ask.basic("AppC", SECRET).seen().await.expect(400);
    assert_eq!(seen.error().0, "invalid_request", "two ways at once");
    let ask = browser.ask(Method::POST, "Token", &exchange).form(&wrong);
    assert_eq!(ask.seen().await.expect(400).error().0, "invalid_client");
    let ask = browser.ask(Method::POST, "Token", &exchange).form(&credentials);
    ask.seen().await.expect(200);
}

async fn an_instance_shows_its_own_password(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let code = browser.code("AppC").await;
    let ask = || browser.get("Token", &exchange(&code, ELSEWHERE));
    assert_eq!(ask().user("b").seen().await.expect(400).error().0, "invalid_grant");
    ask().basic("c", "wrong").seen().await.expect(401);
    ask().basic("c", PASSWORD).seen().await.expect(200);
}

// T25
async fn a_code_used_twice_ends_what_it_began(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let code = browser.code("AppC").await;
    let token = browser.token_of_c(&code).seen().await.expect(200);
    let access = token.member("access_token");
    with_token(&app, &access).browse("").await;
    app.advance(Duration::from_secs(120));
    let seen = browser.token_of_c(&code).seen().await.expect(400);
    assert_eq!(seen.error().0, "invalid_grant");
    assert_eq!(with_token(&app, &access).get("MessageHeader").await.expect(401).code(), "login");
    browser.refresh(&token.member("refresh_token")).seen().await.expect(400);
    assert_eq!(app.audit(koppeltaal_core::audit::Action::SsoRevoke).await.len(), 1);
}

// T26
async fn a_code_is_short_lived_and_bound(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let code = browser.code("AppC").await;
    let ask = |back: &str| browser.get("Token", &exchange(&code, back)).basic("AppC", SECRET);
    for back in [BACK, &ELSEWHERE.to_uppercase()] {
        assert_eq!(ask(back).seen().await.expect(400).error().0, "invalid_grant");
    }
    let seen = browser.get("Token", &exchange(&code, ELSEWHERE)[..2]).basic("AppC", SECRET);
    assert_eq!(seen.seen().await.expect(400).error().1, "required");
    app.advance(Duration::from_secs(61));
    let error = ask(ELSEWHERE).seen().await.expect(400).error();
    assert_eq!(error, ("invalid_grant".to_owned(), "expired".to_owned()));
    let seen = browser.token_of_c("nonsense").seen().await.expect(400);
    assert_eq!(seen.error(), ("invalid_grant".to_owned(), "value".to_owned()));
}

// T27
async fn other_grants_are_refused(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    for (grant, status, error) in [
        ("foo", 401, "unsupported_grant_type"),
        ("client_credentials", 401, "unsupported_grant_type"),
        ("password", 401, "unauthorized_client"),
        ("", 400, "invalid_request"),
    ] {
        let ask = browser.post("Token", &[("grant_type", grant), ("username", "a")]);
        assert_eq!(ask.seen().await.expect(status).error().0, error, "{grant}");
    }
}

// T28
async fn what_was_said_at_the_launch_comes_back(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let intent = "Iets moois & meer\n+ é";
    let patient = format!("{PATIENT}/_history/2019-03-19T08:41:05:1.1");
    let parameters = [("client_id", "AppB"), ("patient", &patient), ("Intent", intent)];
    let launch = browser.get("Launch", &parameters).user("a").seen().await.expect(302);
    let seen = browser.authorize("AppB", &launch.sent("launch").unwrap(), BACK).seen().await;
    let token = browser.token_of_b(&seen.sent("code").unwrap()).seen().await.expect(200).json();
    assert_eq!((&token["intent"], &token["patient"]), (&intent.into(), &patient.into()));
}

async fn an_application_may_be_refused_tokens_by_get(engine: Engine) {
    let app =
        build(engine).setup(|setup| setup.application("AppB").token_by_get = false).start().await;
    let browser = Browser::new(&app);
    let code = browser.code("AppB").await;
    browser.token_of_b(&code).seen().await.expect(405);
    browser.post("Token", &exchange(&code, BACK)).seen().await.expect(200);
}

async fn guesses_at_a_secret_are_slowed_down(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let code = browser.code("AppC").await;
    let ask =
        |secret: &str| browser.get("Token", &exchange(&code, ELSEWHERE)).basic("AppC", secret);
    let mut tried = 0;
    while ask("wrong").seen().await.status == 401 {
        tried += 1;
        assert!(tried <= 40, "guesses go on");
    }
    assert!(tried >= 20, "{tried}");
    assert_eq!(ask(SECRET).seen().await.expect(429).error().1, "throttled");
    app.advance(Duration::from_secs(50));
    ask(SECRET).seen().await.expect(200);
}

async fn an_application_sets_how_long_its_tokens_last(engine: Engine) {
    let app: TestApp = build(engine)
        .setup(|setup| {
            let quarter = Some(Duration::from_secs(900));
            setup.application("AppB").access_token_lifetime = quarter;
        })
        .start()
        .await;
    let token = Browser::new(&app).signed_in("AppB").await;
    assert_eq!(token.json()["expires_in"], 900);
    let client = with_token(&app, &token.member("access_token"));
    client.browse("").await;
    app.advance(Duration::from_secs(901));
    assert_eq!(client.get("MessageHeader").await.expect(401).code(), "expired");
}
