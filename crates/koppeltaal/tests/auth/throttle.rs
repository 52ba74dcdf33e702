//! Failed attempts are slowed down, successes never (decisions: 20 a minute for a
//! client and an address).

use std::time::{Duration, Instant};

use crate::caller::Reply;
use crate::cast::{ZORG, signer};
use crate::support::Engine;
use crate::world::{World, about};

on_both_engines!(
    the_21st_failure_within_a_minute_is_told_to_wait,
    failures_at_every_endpoint_count_and_unknown_names_are_answered_alike,
    successes_are_never_limited,
);

async fn fail(world: &World, client: &str) -> Reply {
    let assertion = world.assertion(client).claim("aud", "https://elsewhere.example");
    world.ask(&assertion.sign(&signer(client)).unwrap()).await
}

/// Fails until somebody says stop; attempts of the past are forgiven with time.
async fn fail_until_stopped(world: &World, client: &str) -> Reply {
    let began = Instant::now();
    for n in 1.. {
        let reply = fail(world, client).await;
        if reply.status == 429 {
            assert!(n > 20, "stopped at attempt {n}");
            return reply;
        }
        reply.is_unknown_client();
        let forgiven = began.elapsed().as_secs() / 3;
        assert!(n <= 21 + forgiven, "attempt {n} was let through");
    }
    unreachable!("it was stopped")
}

async fn the_21st_failure_within_a_minute_is_told_to_wait(engine: Engine) {
    let world = World::start(engine).await;
    let stopped = fail_until_stopped(&world, "reader").await;
    let wait: u64 = stopped.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(stopped.json()["error"].is_string());
    // The client itself is not shut out by who uses its name, and others are not
    // at all.
    world.ask(&world.signed("reader")).await.expect(200);
    world.ask(&world.signed("module")).await.expect(200);
    fail(&world, "module").await.is_unknown_client();
    world.app.advance(Duration::from_secs(60));
    fail(&world, "reader").await.is_unknown_client();
}

async fn failures_at_every_endpoint_count_and_unknown_names_are_answered_alike(engine: Engine) {
    let world = World::start(engine).await;
    fail_until_stopped(&world, "reader").await;
    let wrong = world.assertion("reader").without("jti").sign(&signer("reader")).unwrap();
    for endpoint in ["introspect", "revoke"] {
        world.here().form(ZORG, endpoint, &about("x", &wrong)).await.expect(429);
    }
    // A name that no client has gets the same answers: nobody learns who exists.
    let mut statuses = Vec::new();
    for _ in 0..21 {
        let assertion = world.assertion("module").claim("iss", "nobody");
        let assertion = assertion.claim("sub", "nobody").sign(&signer("module")).unwrap();
        statuses.push(world.ask(&assertion).await.status);
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    assert!(statuses.iter().take(20).all(|status| *status == 401), "{statuses:?}");
    fail(&world, "module").await.is_unknown_client();
    world.ask(&world.signed("module")).await.expect(200);
}

async fn successes_are_never_limited(engine: Engine) {
    let world = World::start(engine).await;
    for _ in 0..200 {
        world.ask(&world.signed("reader")).await.expect(200);
    }
}
