//! A launch from begin to end (spec 3): every kind of user, both methods, what the
//! provider is asked, and what of the module's request comes back to it.

use crate::authorize_request::Request;
use crate::authorize_world::*;
use crate::jws;
use crate::provider::{CLIENT, SECRET};
use crate::provider_sign_in::SignIn;
use crate::support::Engine;

on_both_engines!(
    every_kind_of_user_is_launched,
    the_provider_is_asked_with_these_parameters_and_no_other,
    every_launch_has_a_state_a_nonce_and_a_challenge_of_its_own,
    only_prompts_that_openid_connect_knows_are_passed_on,
    the_cookie_is_bound_to_this_browser_and_to_the_callback,
    a_module_may_ask_with_a_form,
    a_redirect_uri_keeps_its_query,
    a_redirect_uri_of_the_application_will_do,
    the_scopes_come_in_any_order_and_are_told_as_asked,
    the_fhir_base_may_end_with_a_slash_and_have_an_alias,
    state_and_nonce_come_back_as_they_were,
    nothing_readable_is_kept_of_a_login,
);

async fn every_kind_of_user_is_launched(engine: Engine) {
    let world = World::start(engine).await;
    for user in PEOPLE {
        let code = world.code(user).await;
        let answer = world.redeem(&code, |request| request).await.expect(200).json();
        assert_eq!(answer["sub"], user);
        assert_eq!(answer["patient"], if user == RELATED { PATIENT } else { "" });
    }
}

async fn the_provider_is_asked_with_these_parameters_and_no_other(engine: Engine) {
    let world = World::start(engine).await;
    let login = world.login(PATIENT).await;
    let asked = world.provider.asked(&login.location);
    let mut names: Vec<&str> = asked.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "client_id",
            "code_challenge",
            "code_challenge_method",
            "nonce",
            "redirect_uri",
            "response_type",
            "scope",
            "state"
        ]
    );
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["client_id"], CLIENT);
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["redirect_uri"], world.endpoint(ZORG, "idp/callback"));
    let mut scopes: Vec<&str> = asked["scope"].split(' ').collect();
    scopes.sort_unstable();
    assert_eq!(scopes, ["email", "openid"], "no more than the claim needs");
    // 256 random bits in base64url take 43 characters.
    assert!(asked["state"].len() >= 43, "{}", asked["state"]);
    assert!(asked["nonce"].len() >= 22 && asked["code_challenge"].len() == 43);
    for secret in [SECRET, "geheim", "Patient", "Task", "module", VERIFIER] {
        assert!(!login.location.contains(secret), "{secret}: {}", login.location);
    }
}

async fn every_launch_has_a_state_a_nonce_and_a_challenge_of_its_own(engine: Engine) {
    let world = World::start(engine).await;
    let (one, other) = (world.login(PATIENT).await, world.login(PATIENT).await);
    let (one_asked, other_asked) =
        (world.provider.asked(&one.location), world.provider.asked(&other.location));
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(one_asked[name], other_asked[name], "{name}");
    }
    assert_ne!(one.cookie(), other.cookie());
}

async fn only_prompts_that_openid_connect_knows_are_passed_on(engine: Engine) {
    let world = World::start(engine).await;
    for (prompt, passed) in [
        ("none", true),
        ("login", true),
        ("consent", true),
        ("select_account", true),
        ("create", false),
        ("login&scope=admin", false),
    ] {
        let request = world.request(&world.launched(PATIENT)).set("prompt", prompt);
        let login = world.begun(&request).await;
        let asked = world.provider.asked(&login.location);
        assert_eq!(asked.get("prompt").map(String::as_str), passed.then_some(prompt));
    }
}

async fn the_cookie_is_bound_to_this_browser_and_to_the_callback(engine: Engine) {
    let world = World::start(engine).await;
    let login = world.login(PATIENT).await;
    let mut parts = login.set_cookie.split("; ");
    let (name, value) = parts.next().unwrap().split_once('=').unwrap();
    assert!(name.starts_with("koppeltaal"), "{name}");
    assert!(value.len() >= 43, "{value}");
    assert!(!login.location.contains(value), "the provider does not learn it");
    let mut attributes: Vec<&str> = parts.collect();
    attributes.sort_unstable();
    assert_eq!(
        attributes,
        [
            "HttpOnly",
            "Max-Age=600",
            "Path=/api/v1/zorg/oauth2/idp/callback",
            "SameSite=Lax",
            "Secure"
        ]
    );
}

async fn a_module_may_ask_with_a_form(engine: Engine) {
    let world = World::start(engine).await;
    let request = world.request(&world.launched(PATIENT));
    let login = world.post(&world.endpoint(ZORG, "authorize"), &request).await.login();
    let code = world.signs_in(&login, &SignIn::of(&email(PATIENT))).await.code();
    world.redeem(&code, |request| request).await.expect(200);
}

async fn a_redirect_uri_keeps_its_query(engine: Engine) {
    let world = World::start(engine).await;
    let request = world.request(&world.launched(PATIENT)).set("redirect_uri", BACK_WITH_QUERY);
    let login = world.begun(&request).await;
    let answer = world.signs_in(&login, &SignIn::of(&email(PATIENT))).await;
    let told = answer.told_at(BACK_WITH_QUERY);
    assert_eq!(told["state"], STATE);
    let with = |request: Request| request.set("redirect_uri", BACK_WITH_QUERY);
    world.redeem(&told["code"], with).await.expect(200);

    let failed = world.authorize(&request.set("scope", "openid")).await;
    assert_eq!(failed.told_at(BACK_WITH_QUERY)["error"], "invalid_scope");
}

async fn a_redirect_uri_of_the_application_will_do(engine: Engine) {
    let world = World::start(engine).await;
    let request = world.request(&world.launched(PATIENT));
    let login = world.begun(&request.set("redirect_uri", BACK_OF_APPLICATION)).await;
    let answer = world.signs_in(&login, &SignIn::of(&email(PATIENT))).await;
    assert!(answer.told_at(BACK_OF_APPLICATION).contains_key("code"));
}

async fn the_scopes_come_in_any_order_and_are_told_as_asked(engine: Engine) {
    let world = World::start(engine).await;
    for scope in [
        "launch openid fhirUser",
        "launch fhirUser openid",
        "openid launch fhirUser",
        "openid fhirUser launch",
        "fhirUser launch openid",
        "fhirUser openid launch",
    ] {
        let request = world.request(&world.launched(PATIENT)).set("scope", scope);
        let login = world.begun(&request).await;
        let code = world.signs_in(&login, &SignIn::of(&email(PATIENT))).await.code();
        let answer = world.redeem(&code, |request| request).await.expect(200).json();
        assert_eq!(answer["scope"], scope);
    }
}

async fn the_fhir_base_may_end_with_a_slash_and_have_an_alias(engine: Engine) {
    let world = World::start(engine).await;
    let base = &world.base;
    for aud in [
        format!("{base}/api/v1/zorg/fhir/r4/"),
        format!("{base}/fhir/DEFAULT"),
        format!("{base}/fhir/DEFAULT/"),
    ] {
        world.begun(&world.request(&world.launched(PATIENT)).set("aud", &aud)).await;
    }
}

async fn state_and_nonce_come_back_as_they_were(engine: Engine) {
    let world = World::start(engine).await;
    for text in ["é€😀 %20+&=#?/\\\"'<>", "a\r\nSet-Cookie: x=y", &"z".repeat(1024)] {
        let request = world.request(&world.launched(PATIENT)).set("state", text).set("nonce", text);
        let login = world.begun(&request).await;
        let answer = world.signs_in(&login, &SignIn::of(&email(PATIENT))).await;
        assert!(answer.begins_no_login());
        let told = answer.told();
        assert_eq!(told["state"], text);
        let answer = world.redeem(&told["code"], |request| request).await.expect(200).json();
        let (_, claims) = jws::taken_apart(answer["id_token"].as_str().unwrap());
        assert_eq!(claims["nonce"], text);
    }
}

async fn nothing_readable_is_kept_of_a_login(engine: Engine) {
    let world = World::start(engine).await;
    let login = world.login(PATIENT).await;
    let code = world.signs_in(&login, &SignIn::of(&email(PATIENT))).await.code();
    let rows = world.app.rows("SELECT * FROM authorization_session").await;
    let kept = format!("{rows:?}");
    assert_eq!(rows.len(), 2, "a login and a code");
    for text in [login.state(), login.cookie().to_owned(), code, PATIENT.into(), STATE.into()] {
        assert!(!kept.contains(&text), "{text}");
    }
}
