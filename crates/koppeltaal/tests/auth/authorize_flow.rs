//! A launch from begin to end (spec 3): every kind of user, both methods, what the
//! provider is asked, and what the module gets for its code.

use serde_json::{Value, json};

use crate::authorize_request::Request;
use crate::authorize_world::*;
use crate::jws;
use crate::provider::{CLIENT, SECRET, SignIn};
use crate::support::Engine;

on_both_engines!(
    every_kind_of_user_is_launched,
    the_provider_is_asked_with_these_parameters_and_no_other,
    every_launch_has_a_state_a_nonce_and_a_challenge_of_its_own,
    only_prompts_that_openid_connect_knows_are_passed_on,
    the_cookie_is_bound_to_this_browser_and_to_the_callback,
    the_answer_to_a_code_has_what_the_standard_and_its_clients_need,
    what_the_launch_token_does_not_say_is_an_empty_text,
    the_context_of_an_old_launch_token_is_found,
    the_id_token_says_who_signed_in,
    the_id_token_is_signed_with_a_published_key,
    the_time_of_the_login_is_told_also_when_the_provider_does_not,
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
    for secret in [SECRET, "geheim", STATE, "p1", "t1", "nonce van de module", VERIFIER] {
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

async fn the_answer_to_a_code_has_what_the_standard_and_its_clients_need(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.launch(RELATED);
    let claims = token.claims().clone();
    let launch = token.sign(&signer("portal")).unwrap();
    let login = world.begun(&world.request(&launch)).await;
    let code = world.signs_in(&login, &SignIn::of(&email(RELATED))).await.code();
    let answer = world.redeem(&code, |request| request).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("pragma"), "no-cache");
    let mut answer = answer.json();
    let id_token = answer.as_object_mut().unwrap().shift_remove("id_token");
    assert!(id_token.is_some_and(|token| token.is_string()));
    assert_eq!(
        answer,
        json!({
            "aud": claims["aud"],
            "iss": world.id("portal"),
            "exp": claims["exp"],
            "jti": claims["jti"],
            "access_token": "NOOP",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "launch openid fhirUser",
            "sub": RELATED,
            "resource": "Task/t1",
            "definition": "https://zorg.example/ActivityDefinition/a1",
            "patient": PATIENT,
            "intent": "plan",
        })
    );
}

async fn what_the_launch_token_does_not_say_is_an_empty_text(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.launch(PATIENT).without("definition").without("intent");
    let login = world.begun(&world.request(&token.sign(&signer("portal")).unwrap())).await;
    let code = world.signs_in(&login, &SignIn::of(&email(PATIENT))).await.code();
    let answer = world.redeem(&code, |request| request).await.expect(200).json();
    for name in ["definition", "patient", "intent"] {
        assert_eq!(answer[name], "", "{name}");
    }
}

async fn the_context_of_an_old_launch_token_is_found(engine: Engine) {
    let world = World::start(engine).await;
    let task = json!({ "id": "t9", "instantiatesCanonical": "https://d/1", "intent": "order" });
    let token = world.launch(PATIENT).claim("task", task);
    let token = token.without("resource").without("definition").without("intent");
    let login = world.begun(&world.request(&token.sign(&signer("portal")).unwrap())).await;
    let code = world.signs_in(&login, &SignIn::of(&email(PATIENT))).await.code();
    let answer = world.redeem(&code, |request| request).await.expect(200).json();
    assert_eq!(answer["resource"], "Task/t9");
    assert_eq!(answer["definition"], "https://d/1");
    assert_eq!(answer["intent"], "order");
}

async fn id_token(world: &World, user: &str, who: &SignIn) -> String {
    let login = world.login(user).await;
    let code = world.signs_in(&login, who).await.code();
    let answer = world.redeem(&code, |request| request).await.expect(200).json();
    answer["id_token"].as_str().unwrap().to_owned()
}

async fn the_id_token_says_who_signed_in(engine: Engine) {
    let world = World::start(engine).await;
    let signed_in = world.seconds() - 20;
    let who = SignIn::of(&email(PRACTITIONER)).but(json!({ "auth_time": signed_in }));
    let before = world.seconds();
    let token = id_token(&world, PRACTITIONER, &who).await;
    let (header, claims) = jws::taken_apart(&token);
    assert_eq!(header["alg"], "RS512");
    let module = world.id("module");
    for (name, expected) in [
        ("iss", Value::from(world.issuer(ZORG))),
        ("aud", module.clone().into()),
        ("azp", module.into()),
        ("sub", PRACTITIONER.into()),
        ("fhirUser", format!("{}/fhir/r4/{PRACTITIONER}", world.issuer(ZORG)).into()),
        ("nonce", "nonce van de module".into()),
        ("auth_time", signed_in.into()),
    ] {
        assert_eq!(claims[name], expected, "{name}");
    }
    let seconds = |name: &str| claims[name].as_i64().unwrap();
    assert!((before..=world.seconds()).contains(&seconds("iat")));
    assert_eq!(seconds("nbf"), seconds("iat"));
    assert_eq!(seconds("exp"), seconds("iat") + 300);
    assert!(claims["jti"].as_str().unwrap().len() >= 22);
}

async fn the_id_token_is_signed_with_a_published_key(engine: Engine) {
    let world = World::start(engine).await;
    let token = id_token(&world, PATIENT, &SignIn::of(&email(PATIENT))).await;
    let published = format!("{}/.well-known/jwks.json", world.issuer(ZORG));
    let keys = world.get(&published, &[]).await.expect(200).json();
    let kid = jws::kid(&token);
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == *kid).unwrap();
    assert!(jws::is_signed_by(&token, key));
    assert_eq!(world.introspect("module", &token).await["active"], true);
    assert_eq!(world.introspect("other", &token).await, json!({ "active": false }));
}

async fn the_time_of_the_login_is_told_also_when_the_provider_does_not(engine: Engine) {
    let world = World::start(engine).await;
    let before = world.seconds();
    let who = SignIn::of(&email(PATIENT)).but(json!({ "auth_time": null }));
    let token = id_token(&world, PATIENT, &who).await;
    let told = jws::taken_apart(&token).1["auth_time"].as_i64().unwrap();
    assert!((before..=world.seconds()).contains(&told), "{told}");
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
        assert!(answer.header("set-cookie").is_empty());
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
