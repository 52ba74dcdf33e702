//! Who fails too often has to wait (decisions: 20 failed launches a minute for a
//! client and an address), and is not recorded any more; a launch that works never is
//! held up.

use std::time::{Duration, Instant};

use crate::authorize_request::{Request, Response};
use crate::authorize_world::*;
use crate::support::Engine;

on_both_engines!(
    after_twenty_failed_launches_one_has_to_wait,
    a_launch_that_works_is_not_held_up,
    the_failures_of_one_module_do_not_count_for_another,
    requests_without_a_client_are_limited_too,
    unreadable_requests_are_limited_too,
    failed_codes_are_limited_too,
);

/// How many of `limit` failures a minute there can have been since then: what is
/// allowed comes back while a test runs.
fn most(limit: u64, began: Instant) -> u64 {
    limit + began.elapsed().as_secs() * limit / 60 + 1
}

/// Fails until it has to wait; how often that worked.
async fn failures(world: &World, request: &Request) -> (u64, Response) {
    for n in 0..200 {
        let answer = world.authorize(request).await;
        if answer.status == 429 {
            return (n, answer);
        }
    }
    panic!("no limit");
}

async fn after_twenty_failed_launches_one_has_to_wait(engine: Engine) {
    let world = World::start(engine).await;
    let bad = world.request(&world.launched(PATIENT)).set("scope", "openid");
    let began = Instant::now();
    let (failed, answer) = failures(&world, &bad).await;
    assert!((20..=most(20, began)).contains(&failed), "{failed}");
    answer.page(429);
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(world.trail().await.len(), usize::try_from(failed).unwrap());
    for _ in 0..30 {
        world.authorize(&bad).await;
    }
    let recorded = u64::try_from(world.trail().await.len()).unwrap();
    assert!(recorded <= most(20, began), "a flood does not reach the store: {recorded}");
    world.app.advance(Duration::from_secs(60));
    assert_eq!(world.authorize(&bad).await.told_error(), "invalid_scope");
}

async fn a_launch_that_works_is_not_held_up(engine: Engine) {
    let world = World::start(engine).await;
    let bad = world.request(&world.launched(PATIENT)).set("scope", "openid");
    failures(&world, &bad).await;
    for _ in 0..25 {
        world.code(PATIENT).await;
    }
}

async fn the_failures_of_one_module_do_not_count_for_another(engine: Engine) {
    let world = World::start(engine).await;
    let bad = world.request(&world.launched(PATIENT)).set("scope", "openid");
    failures(&world, &bad).await;
    let uri = "https://other.example/terug";
    let of_other = bad.set("client_id", &world.id("other")).set("redirect_uri", uri);
    assert_eq!(world.authorize(&of_other).await.told_at(uri)["error"], "invalid_scope");
}

async fn requests_without_a_client_are_limited_too(engine: Engine) {
    let world = World::start(engine).await;
    let began = Instant::now();
    let (failed, answer) = failures(&world, &Request::default()).await;
    assert!(failed <= most(60, began), "{failed}");
    answer.page(429);
    let unknown = uuid::Uuid::new_v4().to_string();
    let request = world.request("x").set("client_id", &unknown);
    let (more, _) = failures(&world, &request).await;
    let all = failed + more;
    assert!(all <= most(60, began), "clients that do not exist share an allowance: {all}");
    world.code(PATIENT).await;
}

async fn unreadable_requests_are_limited_too(engine: Engine) {
    let world = World::start(engine).await;
    let twice = world.request("x").also("client_id", "x");
    let began = Instant::now();
    let (failed, _) = failures(&world, &twice).await;
    assert!(failed <= most(60, began), "{failed}");
}

async fn failed_codes_are_limited_too(engine: Engine) {
    let world = World::start(engine).await;
    let began = Instant::now();
    for n in 0..200 {
        let answer = world.redeem("x", |request| request).await;
        if answer.status == 429 {
            assert!((20..=most(20, began)).contains(&n), "{n}");
            assert!(!answer.header("retry-after").is_empty());
            return;
        }
        assert_eq!(answer.error(), "invalid_grant");
    }
    panic!("no limit");
}
