//! What an operator changes is in force: at the next token what is given, within a
//! second what is taken away, in every process (issue 3, part 2).

use koppeltaal_core::directory::{Instance, InstanceStatus, Scope};

use crate::cast::{ZORG, permission, signer};
use crate::support::Engine;
use crate::world::{World, client_credentials, within_a_second};

on_both_engines!(
    a_right_that_is_given_counts_from_the_next_token_on,
    a_right_that_is_taken_away_is_gone_for_tokens_that_are_out,
    a_client_that_is_rejected_loses_its_tokens_and_gets_no_more,
    a_client_that_is_approved_gets_tokens,
    a_key_that_is_replaced_is_worth_nothing,
);

/// The status of a read of the Device of `portal`.
async fn status(world: &World, token: &str) -> u16 {
    let path = format!("Device/{}", world.client_id("portal"));
    world.here().read(ZORG, token, &path).await.status
}

async fn a_right_that_is_given_counts_from_the_next_token_on(engine: Engine) {
    let world = World::start(engine).await;
    let before = world.token("portal").await;
    assert_eq!(status(&world, &before).await, 403);
    let right = permission("Device", "R", Scope::All, &[]);
    world.change_role("portaal", |role| role.permissions.push(right)).await;
    within_a_second("the new right", async || {
        let token = world.token("portal").await;
        status(&world, &token).await == 200
    })
    .await;
    assert_eq!(status(&world, &before).await, 403, "the token of before says nothing of it");
}

async fn a_right_that_is_taken_away_is_gone_for_tokens_that_are_out(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.token("reader").await;
    assert_eq!(status(&world, &token).await, 200);
    world.change_role("lezer", |role| role.permissions.clear()).await;
    within_a_second("the lost right", async || status(&world, &token).await == 403).await;
    let next = world.token("reader").await;
    assert_eq!(status(&world, &next).await, 403);
    // The same when it is the role that is taken away.
    let token = world.token("admin").await;
    assert_eq!(status(&world, &token).await, 200);
    world.change_instance("admin", |instance| instance.role = None).await;
    within_a_second("the lost role", async || status(&world, &token).await == 403).await;
}

async fn a_client_that_is_rejected_loses_its_tokens_and_gets_no_more(engine: Engine) {
    let world = World::start(engine).await;
    let ways: [fn(&mut Instance); 3] = [
        |instance| instance.status = InstanceStatus::Rejected,
        |instance| instance.active = Some(false),
        |instance| instance.status = InstanceStatus::Pending,
    ];
    for change in ways {
        let token = world.token("reader").await;
        let introspected = world.introspect("module", &token).await.json();
        assert_eq!((status(&world, &token).await, &introspected["active"]), (200, &true.into()));
        world.change_instance("reader", change).await;
        within_a_second("the rejection", async || status(&world, &token).await == 401).await;
        world.ask(&world.signed("reader")).await.is_unknown_client();
        world.finds_inactive("module", &token, "its client takes no part").await;
        world
            .change_instance("reader", |instance| {
                instance.status = InstanceStatus::Approved;
                instance.active = None;
            })
            .await;
        within_a_second("the approval", async || {
            world.pause();
            world.ask(&world.signed("reader")).await.status == 200
        })
        .await;
    }
}

async fn a_client_that_is_approved_gets_tokens(engine: Engine) {
    let world = World::start(engine).await;
    world.ask(&world.signed("pending")).await.is_unknown_client();
    let device = format!("Device/{}", world.client_id("pending"));
    let reader = world.token("reader").await;
    world.here().read(ZORG, &reader, &device).await.expect(404);
    world.change_instance("pending", |i| i.status = InstanceStatus::Approved).await;
    within_a_second("the approval", async || {
        world.pause();
        world.ask(&world.signed("pending")).await.status == 200
    })
    .await;
    // LNH-002: with the approval comes the Device.
    let found = world.here().read(ZORG, &reader, &device).await.expect(200).json();
    assert_eq!((&found["resourceType"], &found["status"]), (&"Device".into(), &"active".into()));
    assert_eq!(found["id"], world.client_id("pending"));
    let identifier = &found["identifier"][0];
    assert_eq!(identifier["value"], world.client_id("pending"));
    let system = "http://vzvz.nl/fhir/NamingSystem/koppeltaal-client-id";
    assert_eq!(identifier["system"], system);
    // And goes out of use with its end.
    world.change_instance("pending", |i| i.status = InstanceStatus::Rejected).await;
    let found = world.here().read(ZORG, &reader, &device).await.expect(200).json();
    assert_eq!(found["status"], "inactive");
}

async fn a_key_that_is_replaced_is_worth_nothing(engine: Engine) {
    let world = World::start(engine).await;
    world.ask(&world.signed("reader")).await.expect(200);
    let new = crate::cast::key_set("other");
    world.change_instance("reader", |instance| instance.jwks = Some(new)).await;
    within_a_second("the new key", async || {
        world.pause();
        world.ask(&world.assertion("reader").sign(&signer("other")).unwrap()).await.status == 200
    })
    .await;
    world.ask(&world.signed("reader")).await.is_unknown_client();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejection_is_in_force_in_both_processes() {
    let world = World::start(Engine::Postgres).await;
    let second = world.another_server().await;
    let token = world.token("reader").await;
    let callers = [world.here(), world.at(&second)];
    for caller in &callers {
        assert!(world.is_taken(caller, &token).await);
    }
    world.change_instance("reader", |i| i.status = InstanceStatus::Rejected).await;
    within_a_second("the rejection", async || {
        !world.is_taken(&callers[0], &token).await && !world.is_taken(&callers[1], &token).await
    })
    .await;
    for caller in &callers {
        let assertion = world.signed("reader");
        caller.form(ZORG, "token", &client_credentials(&assertion)).await.is_unknown_client();
    }
    second.shutdown().await;
}
