//! What a module gets for its code (spec 3.5): the context of the launch, and an
//! id_token about who signed in.

use serde_json::{Value, json};

use crate::authorize_world::*;
use crate::jws;
use crate::provider_sign_in::SignIn;
use crate::support::Engine;

on_both_engines!(
    the_answer_to_a_code_has_what_the_standard_and_its_clients_need,
    what_the_launch_token_does_not_say_is_an_empty_text,
    the_context_of_an_old_launch_token_is_found,
    the_id_token_says_who_signed_in,
    the_id_token_is_signed_with_a_published_key,
    the_time_of_the_login_is_told_also_when_the_provider_does_not,
);

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
