//! The launch token at `authorize`: each of its checks (spec 2.3).

use std::time::Duration;

use koppeltaal_client::kt2::{Assertion, KeyKind, LaunchToken, PrivateKey, Signer};
use serde_json::json;

use crate::authorize_world::*;
use crate::support::Engine;

on_both_engines!(
    a_launch_token_lacks_nothing,
    a_launch_token_is_for_this_module,
    a_launch_token_is_of_a_portal_that_takes_part,
    a_launch_token_is_in_force_for_five_minutes_at_most,
    clocks_may_differ_a_little,
    a_launch_token_is_about_a_person_and_a_task,
    a_launch_token_is_signed_by_its_portal,
    what_is_no_launch_token_is_refused,
);

/// The module is told that the request is invalid.
async fn refuse(world: &World, why: &str, launch: &str) {
    world.pause();
    let answer = world.authorize(&world.request(launch)).await;
    assert_eq!(answer.told_error(), "invalid_request", "{why}");
}

async fn refuse_token(world: &World, why: &str, token: &LaunchToken) {
    refuse(world, why, &token.sign(&signer("portal")).unwrap()).await;
}

async fn accept_token(world: &World, token: &LaunchToken) {
    world.begun(&world.request(&token.sign(&signer("portal")).unwrap())).await;
}

async fn a_launch_token_lacks_nothing(engine: Engine) {
    let world = World::start(engine).await;
    for claim in ["iss", "aud", "jti", "iat", "exp", "sub", "resource"] {
        refuse_token(&world, claim, &world.launch(PATIENT).without(claim)).await;
        refuse_token(&world, claim, &world.launch(PATIENT).claim(claim, json!(null))).await;
        refuse_token(&world, claim, &world.launch(PATIENT).claim(claim, "")).await;
        refuse_token(&world, claim, &world.launch(PATIENT).claim(claim, json!({}))).await;
    }
    refuse_token(&world, "a long jti", &world.launch(PATIENT).claim("jti", "x".repeat(300))).await;
    for claim in ["definition", "intent"] {
        accept_token(&world, &world.launch(PATIENT).without(claim)).await;
    }
}

async fn a_launch_token_is_for_this_module(engine: Engine) {
    let world = World::start(engine).await;
    let (module, other) = (world.id("module"), world.id("other"));
    let of = |id: &str| format!("Device/{id}");
    for aud in [
        json!(module),
        json!(of(&other)),
        json!(of(&world.id("portal"))),
        json!(format!("device/{module}")),
        json!(format!("Device/{}", module.to_uppercase())),
        json!(format!("Device/{module}/")),
        json!([of(&module), of(&other)]),
        json!([of(&other)]),
        json!([]),
        json!(7),
        json!(world.endpoint(ZORG, "authorize")),
    ] {
        let token = world.launch(PATIENT).claim("aud", aud.clone());
        refuse_token(&world, &aud.to_string(), &token).await;
    }
    accept_token(&world, &world.launch(PATIENT).claim("aud", json!([of(&module)]))).await;
}

async fn a_launch_token_is_of_a_portal_that_takes_part(engine: Engine) {
    let world = World::start(engine).await;
    let unknown = uuid::Uuid::new_v4().to_string();
    for (portal, key) in [
        (world.id("pending"), "pending"),
        (world.id("rejected"), "rejected"),
        (world.id("off"), "off"),
        (world.id("foreign"), "foreign"),
        (unknown, "portal"),
        ("portal".to_owned(), "portal"),
        (world.issuer(ZORG), "portal"),
    ] {
        let token = world.launch(PATIENT).claim("iss", portal);
        refuse(&world, key, &token.sign(&signer(key)).unwrap()).await;
    }
}

async fn a_launch_token_is_in_force_for_five_minutes_at_most(engine: Engine) {
    let world = World::start(engine).await;
    let now = |world: &World| world.seconds();
    let from = |iat: i64, exp: i64| {
        world.launch(PATIENT).claim("iat", now(&world) + iat).claim("exp", now(&world) + exp)
    };
    refuse_token(&world, "expired", &from(-400, -120)).await;
    refuse_token(&world, "of the future", &from(120, 300)).await;
    refuse_token(&world, "too long", &from(0, 301)).await;
    refuse_token(&world, "a day", &from(0, 86_400)).await;
    refuse_token(&world, "for ever", &from(0, i64::MAX / 2)).await;
    refuse_token(&world, "before it begins", &from(0, -30)).await;
    let later = world.seconds() + 120;
    refuse_token(&world, "nbf", &world.launch(PATIENT).claim("nbf", later)).await;
    for claim in ["iat", "exp", "nbf"] {
        let token = world.launch(PATIENT).claim(claim, "2026-01-01T00:00:00Z");
        refuse_token(&world, claim, &token).await;
    }
}

async fn clocks_may_differ_a_little(engine: Engine) {
    let world = World::start(engine).await;
    let now = world.seconds();
    accept_token(&world, &world.launch(PATIENT).issued_at(now + 20)).await;
    accept_token(&world, &world.launch(PATIENT).issued_at(now - 310)).await;
    accept_token(&world, &world.launch(PATIENT).claim("nbf", now + 20)).await;
    accept_token(&world, &world.launch(PATIENT).claim("nbf", now - 3600)).await;
    accept_token(&world, &world.launch(PATIENT).lifetime(Duration::from_secs(30))).await;
}

async fn a_launch_token_is_about_a_person_and_a_task(engine: Engine) {
    let world = World::start(engine).await;
    let url = format!("{}/fhir/r4/{PATIENT}", world.issuer(ZORG));
    for sub in [
        "Organization/1",
        "Device/1",
        "PractitionerRole/1",
        "Task/1",
        "patient/1",
        "Patient",
        "Patient/",
        "Patient/1/_history/1",
        "Patient/a b",
        "Patient/../Practitioner/1",
        "p1",
        &url,
    ] {
        refuse_token(&world, sub, &world.launch(PATIENT).claim("sub", sub)).await;
    }
    for resource in ["Patient/1", "task/1", "Task", "Task/", "Task/a b", "t1"] {
        let token = world.launch(PATIENT).claim("resource", resource);
        refuse_token(&world, resource, &token).await;
    }
    for patient in ["Practitioner/1", "p1", "Patient/"] {
        refuse_token(&world, patient, &world.launch(RELATED).patient(patient)).await;
    }
}

async fn a_launch_token_is_signed_by_its_portal(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.launch(PATIENT);
    let fresh = || PrivateKey::generate(KeyKind::P256).unwrap();
    let portal = signer("portal");
    let bare = Signer::new(PrivateKey::from_pem(&portal.key().private_pem().unwrap()).unwrap());
    for (why, launch) in [
        ("another key", token.sign(&Signer::new(fresh()).with_kid("portal"))),
        ("the key of the module", token.sign(&signer("module"))),
        (
            "the module's under the portal's id",
            token.clone().header("kid", "portal").sign(&signer("module")),
        ),
        ("an unknown key id", token.sign(&bare.clone().with_kid("portal-2"))),
        ("no key id", token.sign(&bare)),
        ("another algorithm", token.clone().header("alg", "RS256").sign(&portal)),
        ("alg none", token.clone().header("alg", "none").sign(&portal)),
        ("alg HS256", token.clone().header("alg", "HS256").sign(&portal)),
        ("jku", token.clone().header("jku", "https://evil.example/jwks").sign(&portal)),
        ("x5u", token.clone().header("x5u", "https://evil.example/x").sign(&portal)),
        (
            "jwk",
            token.clone().header("jwk", json!(portal.key().public_jwk("portal"))).sign(&portal),
        ),
        ("crit", token.clone().header("crit", json!(["exp"])).sign(&portal)),
        ("typ", token.clone().header("typ", "logout+jwt").sign(&portal)),
    ] {
        refuse(&world, why, &launch.unwrap()).await;
    }
    let launch = token.sign(&portal).unwrap();
    let unsigned = launch.rsplit_once('.').unwrap().0;
    refuse(&world, "no signature", &format!("{unsigned}.")).await;
    refuse(&world, "two parts", unsigned).await;
    let (_, claims) = crate::jws::taken_apart(&launch);
    refuse(&world, "none", &crate::jws::none("portal", claims.as_object().unwrap())).await;
    let public = portal.key().public_pem().unwrap();
    let confused = crate::jws::hs256("portal", public.as_bytes(), claims.as_object().unwrap());
    refuse(&world, "the public key as a secret", &confused).await;
    world.begun(&world.request(&launch)).await;
}

async fn what_is_no_launch_token_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    for text in ["NOOP", "x", "a.b.c", "..", "....", "\0", "é", "eyJ.eyJ.x"] {
        refuse(&world, text, text).await;
    }
    let large = world.launch(PATIENT).claim("ballast", "x".repeat(9000));
    let large = large.sign(&signer("portal")).unwrap();
    let request = world.request(&large);
    let answer = world.post(&world.endpoint(ZORG, "authorize"), &request).await;
    assert_eq!(answer.told_error(), "invalid_request", "larger than 8 KiB");
    let assertion = Assertion::new(&world.id("portal"), &world.endpoint(ZORG, "token"));
    let assertion = assertion.issued_at(world.seconds()).sign(&signer("portal")).unwrap();
    refuse(&world, "a client assertion", &assertion).await;
    let code = world.code(PATIENT).await;
    let answer = world.redeem(&code, |r| r).await.expect(200).json();
    refuse(&world, "an id_token", answer["id_token"].as_str().unwrap()).await;
}
