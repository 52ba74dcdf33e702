//! An assertion works once (spec 1.3): in every process, after a restart, and only
//! for who could sign it.

use std::time::Duration;

use koppeltaal_client::kt2::{KeyKind, PrivateKey, Signer};
use tokio::task::JoinSet;

use crate::cast::{ZORG, signer};
use crate::support::Engine;
use crate::world::{World, about, client_credentials};

on_both_engines!(
    an_assertion_works_once,
    of_many_at_once_one_works,
    an_assertion_of_one_endpoint_is_used_up_for_all,
    an_assertion_is_remembered_after_a_restart,
    an_assertion_is_remembered_for_as_long_as_it_is_valid,
    an_attacker_cannot_use_up_the_jti_of_a_client,
    clients_may_have_the_same_jti,
);

async fn an_assertion_works_once(engine: Engine) {
    let world = World::start(engine).await;
    let assertion = world.signed("reader");
    world.ask(&assertion).await.expect(200);
    let again = world.ask(&assertion).await;
    again.is_unknown_client();
    // Whatever else it says.
    let jti = world.assertion("reader").claim("jti", "the-same");
    world.ask(&jti.clone().sign(&signer("reader")).unwrap()).await.expect(200);
    let other = jti.claim("x", 1).sign(&signer("reader")).unwrap();
    assert_eq!(world.ask(&other).await.seen(), again.seen());
}

async fn of_many_at_once_one_works(engine: Engine) {
    let world = World::start(engine).await;
    let assertion = world.signed("reader");
    let mut calls = JoinSet::new();
    for _ in 0..16 {
        let (caller, assertion) = (world.here(), assertion.clone());
        calls.spawn(async move {
            caller.form(ZORG, "token", &client_credentials(&assertion)).await.status
        });
    }
    let mut statuses = calls.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200);
    assert!(statuses[1..].iter().all(|status| *status == 401), "{statuses:?}");
}

async fn an_assertion_of_one_endpoint_is_used_up_for_all(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.token("reader").await;
    for (first, second) in [("token", "introspect"), ("introspect", "revoke"), ("revoke", "token")]
    {
        let assertion = world.signed("reader");
        let mut fields = client_credentials(&assertion).to_vec();
        fields.push(("token", &token));
        world.here().form(ZORG, first, &fields).await.expect(200);
        world.here().form(ZORG, second, &fields).await.is_unknown_client();
    }
}

async fn an_assertion_is_remembered_after_a_restart(engine: Engine) {
    let world = World::start(engine).await;
    let assertion = world.signed("reader");
    world.ask(&assertion).await.expect(200);
    let world = world.restart().await;
    world.ask(&assertion).await.is_unknown_client();
    world.ask(&world.signed("reader")).await.expect(200);
}

async fn an_assertion_is_remembered_for_as_long_as_it_is_valid(engine: Engine) {
    let world = World::start(engine).await;
    let assertion = world.assertion("late").claim("exp", world.seconds() + 3 * 3600);
    let assertion = assertion.sign(&signer("late")).unwrap();
    world.ask(&assertion).await.expect(200);
    world.app.advance(Duration::from_secs(3 * 3600 + 30));
    // What is over is removed when a process begins.
    let world = world.restart().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    world.ask(&assertion).await.is_unknown_client();
}

async fn an_attacker_cannot_use_up_the_jti_of_a_client(engine: Engine) {
    let world = World::start(engine).await;
    let right = world.assertion("reader");
    let attacker = Signer::new(PrivateKey::generate(KeyKind::P256).unwrap()).with_kid("reader");
    world.ask(&right.clone().sign(&attacker).unwrap()).await.is_unknown_client();
    world.ask(&right.clone().sign(&signer("other")).unwrap()).await.is_unknown_client();
    // Nor does a request that fails later for another reason than its signature.
    let expired = right.clone().claim("exp", world.seconds() - 400);
    world.ask(&expired.sign(&signer("reader")).unwrap()).await.is_unknown_client();
    // Nor somebody who has seen it, and introspects it.
    let real = right.sign(&signer("reader")).unwrap();
    world.finds_inactive("other", &real, "an assertion is no token").await;
    world.ask(&real).await.expect(200);
}

async fn clients_may_have_the_same_jti(engine: Engine) {
    let world = World::start(engine).await;
    for client in ["reader", "admin", "module"] {
        let assertion = world.assertion(client).claim("jti", "1").sign(&signer(client)).unwrap();
        world.ask(&assertion).await.expect(200);
    }
    let launch = world.launch("portal", "module").claim("jti", "1").sign(&signer("portal"));
    let reply = world.introspect("module", &launch.unwrap()).await.expect(200);
    assert_eq!(reply.json()["active"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assertion_that_one_process_has_seen_is_refused_by_the_other() {
    let world = World::start(Engine::Postgres).await;
    let second = world.another_server().await;
    let assertion = world.signed("reader");
    world.ask(&assertion).await.expect(200);
    let there = world.at(&second);
    there.form(ZORG, "token", &client_credentials(&assertion)).await.is_unknown_client();
    let fields = about("x", &assertion);
    there.form(ZORG, "introspect", &fields).await.is_unknown_client();
    // Both at once.
    for _ in 0..5 {
        let assertion = world.signed("reader");
        let fields = client_credentials(&assertion);
        let here = world.here();
        let (one, two) =
            tokio::join!(here.form(ZORG, "token", &fields), there.form(ZORG, "token", &fields));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401]);
        world.pause();
    }
    second.shutdown().await;
}
