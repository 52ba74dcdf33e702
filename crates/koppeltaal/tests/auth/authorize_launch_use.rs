//! A launch token works once (spec 2.3), wherever it is used, and is not used up by a
//! request that fails.

use koppeltaal_core::directory::LaunchTokenUse;
use serde_json::json;

use crate::authorize_world::*;
use crate::provider_sign_in::SignIn;
use crate::support::Engine;

on_both_engines!(
    a_launch_token_works_once,
    a_launch_token_that_was_introspected_is_used_up,
    a_launch_token_that_was_used_is_not_active,
    a_module_may_introspect_first_where_it_is_allowed_to,
    a_request_that_fails_does_not_use_the_launch_token_up,
    of_many_requests_at_once_one_gets_the_launch,
    the_same_jti_of_another_portal_is_another_launch,
);

/// The module is told that the request is invalid.
async fn refuse(world: &World, why: &str, launch: &str) {
    world.pause();
    let answer = world.authorize(&world.request(launch)).await;
    assert_eq!(answer.told_error(), "invalid_request", "{why}");
}

async fn a_launch_token_works_once(engine: Engine) {
    let world = World::start(engine).await;
    let launch = world.launched(PATIENT);
    let login = world.begun(&world.request(&launch)).await;
    refuse(&world, "used", &launch).await;
    // The first login is none the worse for it.
    world.signs_in(&login, &SignIn::of(&email(PATIENT))).await.code();
    refuse(&world, "used", &launch).await;
}

async fn a_launch_token_that_was_introspected_is_used_up(engine: Engine) {
    let world = World::start(engine).await;
    let launch = world.launched(PATIENT);
    assert_eq!(world.introspect("module", &launch).await["active"], true);
    refuse(&world, "introspected", &launch).await;
}

async fn a_launch_token_that_was_used_is_not_active(engine: Engine) {
    let world = World::start(engine).await;
    let launch = world.launched(PATIENT);
    world.begun(&world.request(&launch)).await;
    assert_eq!(world.introspect("module", &launch).await, json!({ "active": false }));
}

async fn a_module_may_introspect_first_where_it_is_allowed_to(engine: Engine) {
    let world = World::with(engine, |setup, _| {
        setup.instance("module").launch_token_use = LaunchTokenUse::IntrospectThenAuthorize;
    });
    let world = world.await;
    let launch = world.launched(PATIENT);
    assert_eq!(world.introspect("module", &launch).await["active"], true);
    assert_eq!(world.introspect("module", &launch).await["active"], false);
    world.begun(&world.request(&launch)).await;
    refuse(&world, "authorized before", &launch).await;
    assert_eq!(world.introspect("module", &launch).await["active"], false);
}

async fn a_request_that_fails_does_not_use_the_launch_token_up(engine: Engine) {
    let world = World::start(engine).await;
    let launch = world.launched(PATIENT);
    let request = world.request(&launch);
    for (name, value) in [
        ("scope", "openid"),
        ("aud", "https://evil.example"),
        ("response_type", "token"),
        ("code_challenge_method", "plain"),
        ("state", ""),
        ("redirect_uri", "https://evil.example"),
        ("client_id", &world.id("other")),
    ] {
        let answer = world.authorize(&request.clone().set(name, value)).await;
        assert!(answer.header("set-cookie").is_empty(), "{name}");
    }
    // Another module cannot take it, nor can it use it up.
    let of_other = request.clone().set("client_id", &world.id("other"));
    let of_other = of_other.set("redirect_uri", "https://other.example/terug");
    let told = world.authorize(&of_other).await.told_at("https://other.example/terug");
    assert_eq!(told["error"], "invalid_request");
    assert_eq!(world.introspect("other", &launch).await, json!({ "active": false }));
    world.begun(&request).await;
}

async fn of_many_requests_at_once_one_gets_the_launch(engine: Engine) {
    let world = World::start(engine).await;
    let request = world.request(&world.launched(PATIENT));
    let asking: Vec<_> = (0..8)
        .map(|_| {
            let (world, request) = (world.clone(), request.clone());
            tokio::spawn(async move { world.authorize(&request).await })
        })
        .collect();
    let mut begun = 0;
    for asked in asking {
        let answer = asked.await.unwrap();
        if answer.header("set-cookie").is_empty() {
            assert_eq!(answer.told_error(), "invalid_request");
        } else {
            begun += 1;
        }
    }
    assert_eq!(begun, 1);
}

async fn the_same_jti_of_another_portal_is_another_launch(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.launch(PATIENT).claim("jti", "een-en-dezelfde");
    world.begun(&world.request(&token.sign(&signer("portal")).unwrap())).await;
    let of_other = token.claim("iss", world.id("other")).sign(&signer("other")).unwrap();
    world.begun(&world.request(&of_other)).await;
}
