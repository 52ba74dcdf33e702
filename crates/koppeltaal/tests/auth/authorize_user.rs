//! Is who signed in the user of the launch (TOP-KT-007 eis 4, T023, T026)? What the
//! store says of the user decides.

use koppeltaal_core::directory::InactiveUser;
use koppeltaal_store::resource;
use serde_json::{Value, json};

use crate::authorize_request::Response;
use crate::authorize_world::*;
use crate::provider_sign_in::SignIn;
use crate::support::Engine;

on_both_engines!(
    a_user_who_does_not_exist_is_refused,
    a_deleted_user_is_refused,
    a_user_of_another_domain_is_refused,
    an_inactive_user_is_refused,
    an_inactive_user_is_let_in_where_the_domain_allows_it,
    the_identifier_is_that_of_the_providers_system,
    a_user_without_identifiers_is_refused,
    any_of_the_identifiers_will_do,
    the_claim_is_the_one_of_the_provider,
    a_related_person_of_another_patient_is_refused,
    a_related_person_without_a_patient_in_the_launch_is_refused,
    a_refusal_does_not_tell_which_check_failed,
);

/// What happens when somebody comes with the e-mail address of `user`.
async fn comes(world: &World, user: &str) -> Response {
    let login = world.login(user).await;
    world.signs_in(&login, &SignIn::of(&email(user))).await
}

/// The user is refused, and the domain knows why.
async fn is_refused(world: &World, user: &str, answer: &Response) {
    assert_eq!(answer.told_error(), "access_denied");
    let events = world.events().await;
    let [.., signed_in, launch] = events.as_slice() else { panic!("two events: {events:?}") };
    assert!(signed_in["outcomeDesc"].as_str().unwrap().starts_with("idp login:"));
    assert_eq!(signed_in["outcome"], "8");
    assert_eq!(signed_in["entity"][0]["what"]["reference"], user);
    assert_eq!((&launch["type"]["code"], &launch["outcome"]), (&json!("110100"), &json!("4")));
}

async fn a_user_who_does_not_exist_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    for user in ["Patient/weg", "Practitioner/p1", "RelatedPerson/d1"] {
        is_refused(&world, user, &comes(&world, user).await).await;
    }
}

async fn a_deleted_user_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    let (ids, now) = (world.app.ids().await, world.app.now());
    let scope = world.app.store().scope(&world.app.domain(ZORG));
    let delete = move |tx: &mut koppeltaal_store::DomainTx<'_>| {
        resource::delete(tx, &ids, "Patient", "p1", None, now)
    };
    let deleted = scope.write(delete).await.unwrap();
    assert!(matches!(deleted, resource::Deleted::Done(_)));
    is_refused(&world, PATIENT, &comes(&world, PATIENT).await).await;
}

async fn a_user_of_another_domain_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    let members = json!({ "identifier": [{ "system": SYSTEM, "value": email("Patient/e1") }] });
    world.put_in(ELDERS, "Patient", "e1", &members).await;
    is_refused(&world, "Patient/e1", &comes(&world, "Patient/e1").await).await;
}

async fn an_inactive_user_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    for (user, active) in [("Patient/uit", false), ("Patient/aan", true)] {
        world.has(user, json!({ "active": active })).await;
    }
    is_refused(&world, "Patient/uit", &comes(&world, "Patient/uit").await).await;
    comes(&world, "Patient/aan").await.code();
}

async fn an_inactive_user_is_let_in_where_the_domain_allows_it(engine: Engine) {
    let allow = |setup: &mut crate::support::setup::Setup, _: &str| {
        setup.domain(ZORG).inactive_user = InactiveUser::Allow;
    };
    let world = World::with(engine, allow).await;
    world.has("Patient/uit", json!({ "active": false })).await;
    comes(&world, "Patient/uit").await.code();
}

fn identifiers(system: Option<&str>, value: &str) -> Value {
    let mut identifier = json!({ "value": value });
    if let Some(system) = system {
        identifier["system"] = system.into();
    }
    json!({ "identifier": [identifier] })
}

async fn the_identifier_is_that_of_the_providers_system(engine: Engine) {
    let world = World::start(engine).await;
    for (user, system) in [
        ("Patient/a", Some("https://elders.example/mail")),
        ("Patient/b", Some("https://zorg.example/mail/")),
        ("Patient/c", Some("")),
        ("Patient/d", None),
    ] {
        world.has(user, identifiers(system, &email(user))).await;
        is_refused(&world, user, &comes(&world, user).await).await;
    }
}

async fn a_user_without_identifiers_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    for (user, members) in [
        ("Patient/a", json!({ "identifier": [] })),
        ("Patient/b", json!({ "identifier": null })),
        ("Patient/c", json!({ "identifier": [{ "system": SYSTEM }] })),
        ("Patient/d", identifiers(Some(SYSTEM), "")),
    ] {
        world.has(user, members).await;
        is_refused(&world, user, &comes(&world, user).await).await;
    }
}

async fn any_of_the_identifiers_will_do(engine: Engine) {
    let world = World::start(engine).await;
    let members = json!({ "identifier": [
        { "system": "https://elders.example/mail", "value": "een ander" },
        { "system": SYSTEM, "value": "vroeger@zorg.example" },
        { "system": SYSTEM, "value": email("Patient/a") },
    ]});
    world.has("Patient/a", members).await;
    comes(&world, "Patient/a").await.code();
}

async fn the_claim_is_the_one_of_the_provider(engine: Engine) {
    for claim in ["sub", "preferred_username", "urn:zorg:nummer"] {
        let world = World::with(engine, |setup, _| {
            for provider in &mut setup.identity_providers {
                provider.username_claim = Some(claim.to_owned());
            }
        });
        let world = world.await;
        let login = world.login(PATIENT).await;
        let who = SignIn::of("iemand@elders.example").but(json!({ claim: email(PATIENT) }));
        world.signs_in(&login, &who).await.code();
        let login = world.login(PATIENT).await;
        let who = SignIn::of(&email(PATIENT)).but(json!({ claim: "een ander" }));
        is_refused(&world, PATIENT, &world.signs_in(&login, &who).await).await;
    }
}

async fn a_related_person_of_another_patient_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    for (user, patient) in [
        ("RelatedPerson/a", json!({ "reference": "Patient/p2" })),
        ("RelatedPerson/b", json!({ "reference": "Patient/p" })),
        ("RelatedPerson/c", json!({ "display": "p1" })),
        ("RelatedPerson/d", json!(null)),
    ] {
        world.has(user, json!({ "patient": patient })).await;
        is_refused(&world, user, &comes(&world, user).await).await;
    }
}

async fn a_related_person_without_a_patient_in_the_launch_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.launch(RELATED).without("patient").sign(&signer("portal")).unwrap();
    let answer = world.authorize(&world.request(&token)).await;
    // It may be told at once, or when the user has signed in: there is no code.
    let answer = match answer.header("set-cookie") {
        "" => answer,
        _ => world.signs_in(&answer.login(), &SignIn::of(&email(RELATED))).await,
    };
    assert!(["access_denied", "invalid_request"].contains(&answer.told_error().as_str()));
}

async fn a_refusal_does_not_tell_which_check_failed(engine: Engine) {
    let world = World::start(engine).await;
    world.has("Patient/uit", json!({ "active": false })).await;
    world.has("Patient/ander", identifiers(Some("urn:x"), &email("Patient/ander"))).await;
    let mut told = Vec::new();
    for user in ["Patient/weg", "Patient/uit", "Patient/ander"] {
        let answer = comes(&world, user).await;
        told.push((answer.status, answer.header("location").to_owned(), answer.text));
    }
    assert!(told.iter().all(|answer| *answer == told[0]), "{told:?}");
}
