//! Once client and redirect URI are known to be good the module is told what is
//! wrong (RFC 6749, 4.1.2.1), and gets its state back.

use koppeltaal_client::kt2::Pkce;
use koppeltaal_core::directory;

use crate::authorize_request::Request;
use crate::authorize_world::*;
use crate::provider_sign_in::SignIn;
use crate::support::Engine;

on_both_engines!(
    a_response_type_other_than_code_is_refused,
    scopes_other_than_the_three_are_refused,
    a_request_without_a_state_is_refused,
    an_audience_other_than_the_fhir_base_is_refused,
    a_request_without_a_launch_token_is_refused,
    pkce_is_mandatory_and_only_with_s256,
    a_module_that_may_go_without_pkce_can,
    a_module_that_may_go_without_pkce_is_held_to_it_when_it_uses_it,
    a_module_that_goes_without_pkce_cannot_choose_the_plain_method,
    a_parameter_given_twice_is_told_to_the_module,
    the_module_is_told_an_error_and_its_state_only,
);

/// The error that the module is told when the request is changed.
async fn refused(world: &World, change: impl FnOnce(Request) -> Request) -> String {
    let request = change(world.request(&world.launched(PATIENT)));
    world.pause();
    world.authorize(&request).await.told_error()
}

async fn a_response_type_other_than_code_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    assert_eq!(refused(&world, |r| r.without("response_type")).await, "invalid_request");
    assert_eq!(refused(&world, |r| r.set("response_type", "")).await, "invalid_request");
    for kind in ["token", "id_token", "code id_token", "none", "Code", "code "] {
        let error = refused(&world, |r| r.set("response_type", kind)).await;
        assert_eq!(error, "unsupported_response_type", "{kind}");
    }
}

async fn scopes_other_than_the_three_are_refused(engine: Engine) {
    let world = World::start(engine).await;
    for scope in [
        "launch",
        "openid",
        "launch openid",
        "openid fhirUser",
        "launch fhirUser",
        "launch openid fhirUser offline_access",
        "launch openid fhirUser system/*.cruds",
        "launch openid fhirUser launch/patient",
        "launch openid fhiruser",
        "launch,openid,fhirUser",
        "launch\topenid\tfhirUser",
        "*",
        "NOOP",
    ] {
        assert_eq!(refused(&world, |r| r.set("scope", scope)).await, "invalid_scope", "{scope}");
    }
    let error = refused(&world, |r| r.without("scope")).await;
    assert!(["invalid_scope", "invalid_request"].contains(&error.as_str()), "{error}");
}

async fn a_request_without_a_state_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    for request in [
        world.request(&world.launched(PATIENT)).without("state"),
        world.request(&world.launched(PATIENT)).set("state", ""),
        world.request(&world.launched(PATIENT)).set("state", &"x".repeat(9000)),
    ] {
        let told = world.authorize(&request).await.told();
        assert_eq!(told["error"], "invalid_request");
        assert!(!told.contains_key("state") && !told.contains_key("code"), "{told:?}");
    }
}

async fn an_audience_other_than_the_fhir_base_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    let base = &world.base;
    assert_eq!(refused(&world, |r| r.without("aud")).await, "invalid_request");
    for aud in [
        format!("{base}/api/v1/zorg"),
        format!("{base}/api/v1/zorg/fhir"),
        format!("{base}/api/v1/zorg/fhir/r4//"),
        format!("{base}/api/v1/zorg/fhir/r4/Patient"),
        format!("{base}/api/v1/zorg/fhir/r4?x=y"),
        format!("{base}/api/v1/ZORG/fhir/r4"),
        format!("{base}/api/v1/elders/fhir/r4"),
        format!("{base}/fhir"),
        format!("{base}/fhir/DEFAULT/r4"),
        "/fhir/DEFAULT".to_owned(),
        "https://evil.example/api/v1/zorg/fhir/r4".to_owned(),
        world.endpoint(ZORG, "authorize"),
    ] {
        assert_eq!(refused(&world, |r| r.set("aud", &aud)).await, "invalid_request", "{aud}");
    }
}

async fn a_request_without_a_launch_token_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    assert_eq!(refused(&world, |r| r.without("launch")).await, "invalid_request");
    assert_eq!(refused(&world, |r| r.set("launch", "")).await, "invalid_request");
}

async fn pkce_is_mandatory_and_only_with_s256(engine: Engine) {
    let world = World::start(engine).await;
    let bare = |r: Request| r.without("code_challenge").without("code_challenge_method");
    assert_eq!(refused(&world, bare).await, "invalid_request");
    let names = ["code_challenge", "code_challenge_method"];
    for name in names {
        assert_eq!(refused(&world, |r| r.without(name)).await, "invalid_request", "{name}");
        assert_eq!(refused(&world, |r| r.set(name, "")).await, "invalid_request", "{name}");
    }
    for method in ["plain", "s256", "S512", "S256 "] {
        let error = refused(&world, |r| r.set("code_challenge_method", method)).await;
        assert_eq!(error, "invalid_request", "{method}");
    }
    let plain =
        |r: Request| r.set("code_challenge", VERIFIER).set("code_challenge_method", "plain");
    assert_eq!(refused(&world, plain).await, "invalid_request");
    let good = Pkce::from_verifier(VERIFIER).challenge;
    for challenge in [&good[1..], &format!("{good}A"), VERIFIER, "x", &"é".repeat(43)] {
        let error = refused(&world, |r| r.set("code_challenge", challenge)).await;
        assert_eq!(error, "invalid_request", "{challenge}");
    }
}

/// A world whose module is an old one.
async fn lenient(engine: Engine) -> World {
    let change = |setup: &mut crate::support::setup::Setup, _: &str| {
        setup.instance("module").pkce = directory::Pkce::Optional;
    };
    World::with(engine, change).await
}

async fn a_module_that_may_go_without_pkce_can(engine: Engine) {
    let world = lenient(engine).await;
    let request = world.request(&world.launched(PATIENT));
    let request = request.without("code_challenge").without("code_challenge_method");
    let login = world.begun(&request).await;
    let code = world.signs_in(&login, &SignIn::of(&email(PATIENT))).await.code();
    world.redeem(&code, |r| r.without("code_verifier")).await.expect(200);
}

async fn a_module_that_may_go_without_pkce_is_held_to_it_when_it_uses_it(engine: Engine) {
    let world = lenient(engine).await;
    let code = world.code(PATIENT).await;
    let without = world.redeem(&code, |r| r.without("code_verifier")).await;
    assert_eq!(without.error(), "invalid_grant");
    let wrong = world.redeem(&code, |r| r.set("code_verifier", &"x".repeat(43))).await;
    assert_eq!(wrong.error(), "invalid_grant");
    world.redeem(&code, |r| r).await.expect(200);
}

async fn a_module_that_goes_without_pkce_cannot_choose_the_plain_method(engine: Engine) {
    let world = lenient(engine).await;
    let error = refused(&world, |r| r.set("code_challenge_method", "plain")).await;
    assert_eq!(error, "invalid_request");
    let error = refused(&world, |r| r.without("code_challenge_method")).await;
    assert_eq!(error, "invalid_request", "without a method it would be plain");
}

async fn a_parameter_given_twice_is_told_to_the_module(engine: Engine) {
    let world = World::start(engine).await;
    for name in [
        "response_type",
        "scope",
        "aud",
        "launch",
        "code_challenge",
        "code_challenge_method",
        "nonce",
    ] {
        let request = world.request(&world.launched(PATIENT));
        let value = request.get(name).to_owned();
        let told = world.authorize(&request.also(name, &value)).await.told_error();
        assert_eq!(told, "invalid_request", "{name}");
        world.pause();
    }
}

async fn the_module_is_told_an_error_and_its_state_only(engine: Engine) {
    let world = World::start(engine).await;
    let request = world.request(&world.launched(PATIENT)).set("scope", "openid");
    let answer = world.authorize(&request).await;
    let mut names: Vec<String> = answer.told().into_keys().collect();
    names.sort_unstable();
    assert_eq!(names, ["error", "state"]);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
}
