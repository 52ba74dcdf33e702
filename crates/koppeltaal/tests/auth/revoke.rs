//! Token revocation (RFC 7009): a client takes back a token of its own, and it is
//! dead everywhere within a second.

use std::time::Duration;

use crate::caller::{Caller, Reply};
use crate::cast::{ELDERS, ZORG, signer};
use crate::support::Engine;
use crate::world::{World, about, issuer, url, within_a_second};

on_both_engines!(
    a_token_that_was_taken_back_is_dead,
    a_revocation_outlives_a_restart,
    the_token_of_another_client_is_left_alone,
    what_is_no_token_is_answered_like_one,
    only_clients_may_take_tokens_back,
);

async fn revoke(world: &World, caller: &Caller, client: &str, token: &str) -> Reply {
    caller.form(ZORG, "revoke", &about(token, &world.signed(client))).await
}

async fn a_token_that_was_taken_back_is_dead(engine: Engine) {
    let world = World::start(engine).await;
    let here = world.here();
    let (token, other) = (world.token("reader").await, world.token("reader").await);
    assert!(world.is_taken(&here, &token).await);
    let reply = revoke(&world, &here, "reader", &token).await.expect(200);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    within_a_second("the revocation", async || !world.is_taken(&here, &token).await).await;
    world.finds_inactive("module", &token, "it was revoked").await;
    assert!(world.is_taken(&here, &other).await, "that was another token");
    // Again does no harm.
    revoke(&world, &here, "reader", &token).await.expect(200);
    assert!(!world.is_taken(&here, &token).await);
    // The client goes on with a new one.
    let next = world.token("reader").await;
    assert!(world.is_taken(&here, &next).await);
    // With a hint of its type, and for every audience of the endpoint.
    for audience in [url("/oauth2/revoke"), url("/oauth2/token"), issuer(ZORG)] {
        let token = world.token("reader").await;
        let assertion = world.assertion_for("reader", &audience).sign(&signer("reader")).unwrap();
        let mut fields = about(&token, &assertion).to_vec();
        fields.push(("token_type_hint", "access_token"));
        here.form(ZORG, "revoke", &fields).await.expect(200);
        within_a_second("the revocation", async || !world.is_taken(&here, &token).await).await;
    }
}

async fn a_revocation_outlives_a_restart(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.token("reader").await;
    revoke(&world, &world.here(), "reader", &token).await.expect(200);
    let world = world.restart().await;
    within_a_second("the revocation", async || !world.is_taken(&world.here(), &token).await).await;
    world.finds_inactive("module", &token, "it was revoked").await;
}

async fn the_token_of_another_client_is_left_alone(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.token("reader").await;
    let theirs = world.token("stranger").await;
    for client in ["module", "admin"] {
        revoke(&world, &world.here(), client, &token).await.expect(200);
        revoke(&world, &world.here(), client, &theirs).await.expect(200);
    }
    // Time enough for it to come into force.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert!(world.is_taken(&world.here(), &token).await);
    let device = format!("Device/{}", world.client_id("resident"));
    world.here().read(ELDERS, &theirs, &device).await.expect(200);
}

async fn what_is_no_token_is_answered_like_one(engine: Engine) {
    let world = World::start(engine).await;
    let here = world.here();
    let own = world.token("reader").await;
    let answer = revoke(&world, &here, "reader", &own).await.expect(200);
    for token in [
        "garbage",
        "NOOP",
        "..",
        &crate::jws::tampered(&own),
        &world.signed("reader"),
        &world.launched(),
        &world.id_token("reader").await,
    ] {
        let reply = revoke(&world, &here, "reader", token).await;
        assert_eq!(reply.seen(), answer.seen(), "{token}");
    }
    let assertion = world.signed("reader");
    let reply = here.form(ZORG, "revoke", &about("", &assertion)).await;
    reply.is_error(400, "invalid_request");
}

async fn only_clients_may_take_tokens_back(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.token("reader").await;
    let here = world.here();
    here.form(ZORG, "revoke", &[("token", &token)]).await.is_unknown_client();
    here.form(ZORG, "revoke", &about(&token, "garbage")).await.is_unknown_client();
    let rejected = world.signed("rejected");
    here.form(ZORG, "revoke", &about(&token, &rejected)).await.is_unknown_client();
    // Holding a token is not enough.
    let request = here.form_request(ZORG, "revoke", &[("token", &token)]).bearer_auth(&token);
    here.send(request).await.is_unknown_client();
    assert!(world.is_taken(&here, &token).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_is_in_force_in_both_processes() {
    let world = World::start(Engine::Postgres).await;
    let second = world.another_server().await;
    let (here, there) = (world.here(), world.at(&second));
    let token = world.token("reader").await;
    assert!(world.is_taken(&there, &token).await);
    revoke(&world, &here, "reader", &token).await.expect(200);
    within_a_second("the revocation", async || {
        !world.is_taken(&here, &token).await && !world.is_taken(&there, &token).await
    })
    .await;
    let reply = world.introspect_at(&there, "module", &token).await.expect(200);
    assert_eq!(reply.text, r#"{"active":false}"#);
    second.shutdown().await;
}
