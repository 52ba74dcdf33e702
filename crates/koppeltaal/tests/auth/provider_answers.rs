//! Providers that misbehave (T023; OpenID Connect Core 3.1.3.7): whatever they answer,
//! nobody gets a code who was not proven to be the user of the launch, the login ends,
//! the module is told in time, and the domain's trail has it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::authorize_request::{Login, Response};
use crate::authorize_world::*;
use crate::provider::CLIENT;
use crate::provider_sign_in::{Reply, SignIn, Signature};
use crate::support::Engine;

on_both_engines!(
    an_id_token_that_was_not_signed_by_the_provider_is_refused,
    an_id_token_for_another_login_is_refused,
    an_id_token_that_is_not_in_force_is_refused,
    who_is_not_the_user_of_the_launch_is_refused,
    a_provider_without_tokens_is_unavailable,
    a_provider_that_does_not_know_us_is_our_fault,
    a_code_that_the_provider_does_not_know_is_refused,
    a_provider_that_hangs_holds_nobody_for_long,
    a_provider_that_refuses_is_told_as_refusal,
    an_answer_of_another_issuer_is_refused,
    a_provider_that_is_down_at_the_beginning_does_not_cost_the_launch,
    a_provider_that_publishes_nonsense_does_not_cost_the_launch,
    a_provider_that_comes_back_is_used_again,
);

/// Somebody signs in; `expected` is told to the module, the login is over, and the
/// trail says so.
async fn refuse(world: &World, user: &str, who: &SignIn, expected: &str) -> Response {
    let login = world.login(user).await;
    let answer = world.signs_in(&login, who).await;
    let why = format!("{who:?}");
    is_refused(world, &login, &answer, user, expected, &why).await;
    answer
}

async fn is_refused(
    world: &World,
    login: &Login,
    answer: &Response,
    user: &str,
    expected: &str,
    why: &str,
) {
    assert_eq!(answer.told_error(), expected, "{why}");
    for secret in [email(user).as_str(), "subject-7", CLIENT] {
        assert!(!answer.header("location").contains(secret), "{secret}");
    }
    let events = world.events().await;
    let [.., signed_in, launch] = events.as_slice() else { panic!("two events: {events:?}") };
    assert_eq!(signed_in["subtype"][0]["code"], "110122", "{why}");
    assert!(signed_in["outcomeDesc"].as_str().unwrap().starts_with("idp login:"), "{why}");
    assert_eq!(signed_in["outcome"], "8", "{why}");
    assert_eq!(signed_in["entity"][0]["what"]["reference"], user);
    assert_eq!(launch["subtype"][0]["code"], "110120", "{why}");
    let outcome = if expected == "access_denied" { "4" } else { "8" };
    assert_eq!(launch["outcome"], outcome, "{why}");
    let told = events.iter().map(Value::to_string).collect::<String>();
    assert!(!told.contains(&email(user)) && !told.contains("subject-7"), "{told}");
    // Whatever the provider says now comes too late.
    let late = world.signs_in(login, &SignIn::of(&email(user))).await;
    late.page(400);
    world.pause();
}

async fn an_id_token_that_was_not_signed_by_the_provider_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    let right = SignIn::of(&email(PATIENT));
    for signature in [Signature::Forged, Signature::Missing] {
        refuse(&world, PATIENT, &right.clone().signed(signature), "access_denied").await;
    }
    refuse(&world, PATIENT, &right.answered(Reply::WithoutIdToken), "access_denied").await;
}

async fn an_id_token_for_another_login_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    let right = SignIn::of(&email(PATIENT));
    for claims in [
        json!({ "iss": "https://evil.example" }),
        json!({ "iss": format!("{}/", world.provider.issuer) }),
        json!({ "iss": null }),
        json!({ "aud": "another client" }),
        json!({ "aud": [] }),
        json!({ "aud": null }),
        json!({ "aud": [CLIENT, "another client"] }),
        json!({ "azp": "another client" }),
        json!({ "nonce": "another nonce" }),
        json!({ "nonce": null }),
        json!({ "nonce": "" }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
    ] {
        refuse(&world, PATIENT, &right.clone().but(claims), "access_denied").await;
    }
}

async fn an_id_token_that_is_not_in_force_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    let right = SignIn::of(&email(PATIENT));
    let now = world.seconds();
    for claims in [
        json!({ "exp": now - 120 }),
        json!({ "exp": null }),
        json!({ "exp": "never" }),
        json!({ "iat": now + 600, "exp": now + 900 }),
        json!({ "iat": null }),
        json!({ "nbf": now + 600 }),
    ] {
        refuse(&world, PATIENT, &right.clone().but(claims), "access_denied").await;
    }
}

async fn who_is_not_the_user_of_the_launch_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    let right = SignIn::of(&email(PATIENT));
    for claims in [
        json!({ "email": email(PRACTITIONER) }),
        json!({ "email": email(PATIENT).to_uppercase() }),
        json!({ "email": format!("{} ", email(PATIENT)) }),
        json!({ "email": "" }),
        json!({ "email": null }),
        json!({ "email": 7 }),
        json!({ "email": [email(PATIENT)] }),
        json!({ "email_verified": false }),
        json!({ "email": null, "preferred_username": email(PATIENT) }),
        json!({ "email": null, "sub": email(PATIENT) }),
    ] {
        refuse(&world, PATIENT, &right.clone().but(claims), "access_denied").await;
    }
}

async fn a_provider_without_tokens_is_unavailable(engine: Engine) {
    let world = World::start(engine).await;
    let right = SignIn::of(&email(PATIENT));
    for reply in [
        Reply::Html,
        Reply::Status(500),
        Reply::Status(503),
        Reply::Status(302),
        Reply::Cut,
        Reply::Error("temporarily_unavailable"),
    ] {
        let who = right.clone().answered(reply);
        refuse(&world, PATIENT, &who, "temporarily_unavailable").await;
    }
}

async fn a_provider_that_does_not_know_us_is_our_fault(engine: Engine) {
    let world = World::start(engine).await;
    let who = SignIn::of(&email(PATIENT)).answered(Reply::Error("invalid_client"));
    refuse(&world, PATIENT, &who, "server_error").await;
}

async fn a_code_that_the_provider_does_not_know_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    let who = SignIn::of(&email(PATIENT)).answered(Reply::Error("invalid_grant"));
    refuse(&world, PATIENT, &who, "access_denied").await;
    // The code of one login at another: PKCE at the provider keeps them apart.
    let (mine, theirs) = (world.login(PATIENT).await, world.login(PATIENT).await);
    let right = SignIn::of(&email(PATIENT));
    let url = world.provider.signs_in(&theirs.location, &right, world.app.now());
    let injected = url.replace(&theirs.state(), &mine.state());
    assert_ne!(injected, url);
    let answer = world.callback(&injected, mine.cookie()).await;
    assert_ne!(answer.told_error(), "");
}

async fn a_provider_that_hangs_holds_nobody_for_long(engine: Engine) {
    let world = World::start(engine).await;
    let began = Instant::now();
    let who = SignIn::of(&email(PATIENT)).answered(Reply::Silence);
    refuse(&world, PATIENT, &who, "temporarily_unavailable").await;
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

async fn a_provider_that_refuses_is_told_as_refusal(engine: Engine) {
    let world = World::start(engine).await;
    for (error, told) in [
        ("access_denied", "access_denied"),
        ("login_required", "access_denied"),
        ("interaction_required", "access_denied"),
        ("temporarily_unavailable", "temporarily_unavailable"),
        ("server_error", "server_error"),
        ("<script>alert(1)</script>", "server_error"),
        ("x\r\ny", "server_error"),
    ] {
        let login = world.login(PATIENT).await;
        let url = world.provider.refuses(&login.location, error);
        let answer = world.callback(&url, login.cookie()).await;
        is_refused(&world, &login, &answer, PATIENT, told, error).await;
        let events = format!("{:?}", world.events().await);
        for text in ["<script", "someone@secret", "x\\r"] {
            assert!(!events.contains(text), "{text}: {events}");
        }
    }
    let login = world.login(PATIENT).await;
    let bare = format!("{}?state={}", world.endpoint(ZORG, "idp/callback"), login.state());
    let answer = world.callback(&bare, login.cookie()).await;
    is_refused(&world, &login, &answer, PATIENT, "server_error", "neither code nor error").await;
}

async fn an_answer_of_another_issuer_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    let right = SignIn::of(&email(PATIENT));
    let login = world.login(PATIENT).await;
    let url = world.provider.signs_in(&login.location, &right, world.app.now());
    let answer = world.callback(&format!("{url}&iss=https://evil.example"), login.cookie()).await;
    is_refused(&world, &login, &answer, PATIENT, "access_denied", "iss").await;

    let login = world.login(PATIENT).await;
    let url = world.provider.signs_in(&login.location, &right, world.app.now());
    let url = format!("{url}&iss={}", world.provider.issuer);
    world.callback(&url, login.cookie()).await.code();
}

async fn a_provider_that_is_down_at_the_beginning_does_not_cost_the_launch(engine: Engine) {
    let world = World::start(engine).await;
    world.provider.goes_down(true);
    let launch = world.launched(PATIENT);
    let answer = world.authorize(&world.request(&launch)).await;
    assert_eq!(answer.told_error(), "temporarily_unavailable");
    let event = world.last_event().await;
    assert_eq!((&event["type"]["code"], &event["outcome"]), (&json!("110100"), &json!("8")));
    assert_eq!(world.events().await.len(), 1, "nobody was sent anywhere");
    world.provider.goes_down(false);
    world.pause();
    world.begun(&world.request(&launch)).await;
}

async fn a_provider_that_publishes_nonsense_does_not_cost_the_launch(engine: Engine) {
    let world = World::start(engine).await;
    let document = world.provider.document();
    for (name, value) in [
        ("issuer", "https://evil.example"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("authorization_endpoint", "http://evil.example/authorize"),
        ("token_endpoint", ""),
        ("jwks_uri", "x"),
    ] {
        let mut odd = document.clone();
        odd[name] = value.into();
        world.provider.publishes(odd);
        let launch = world.launched(PATIENT);
        let answer = world.authorize(&world.request(&launch)).await;
        assert_eq!(answer.told_error(), "server_error", "{name} {value}");
        assert_eq!(world.introspect("module", &launch).await["active"], true, "{name} {value}");
        // What was published is believed for a while.
        world.app.advance(Duration::from_secs(3600));
    }
    world.provider.publishes(document);
    world.begun(&world.request(&world.launched(PATIENT))).await;
}

async fn a_provider_that_comes_back_is_used_again(engine: Engine) {
    let world = World::start(engine).await;
    let right = SignIn::of(&email(PATIENT));
    let login = world.login(PATIENT).await;
    let url = world.provider.signs_in(&login.location, &right, world.app.now());
    world.provider.goes_down(true);
    let answer = world.callback(&url, login.cookie()).await;
    assert_eq!(answer.told_error(), "temporarily_unavailable");
    world.provider.goes_down(false);
    let login = world.login(PATIENT).await;
    world.signs_in(&login, &right).await.code();
}
