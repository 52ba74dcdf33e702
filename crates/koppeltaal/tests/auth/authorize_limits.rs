//! Who fails too often has to wait (decisions: 20 failed launches a minute for a
//! client and an address), and is not recorded any more; a launch that works never is
//! held up.

use std::time::Duration;

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

/// Fails until it has to wait; how often that worked.
async fn failures(world: &World, request: &Request) -> (usize, Response) {
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
    let (failed, answer) = failures(&world, &bad).await;
    // The bucket fills while the test runs.
    assert!((20..=22).contains(&failed), "{failed}");
    answer.page(429);
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let recorded = world.trail().await.len();
    assert_eq!(recorded, failed);
    for _ in 0..5 {
        world.authorize(&bad).await;
    }
    assert!(world.trail().await.len() <= recorded + 2, "a flood does not reach the store");
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
    let (failed, answer) = failures(&world, &Request::default()).await;
    assert!(failed <= 65, "{failed}");
    answer.page(429);
    let unknown = uuid::Uuid::new_v4().to_string();
    let request = world.request("x").set("client_id", &unknown);
    let (failed, _) = failures(&world, &request).await;
    assert!(failed <= 5, "clients that do not exist share an allowance: {failed}");
    world.code(PATIENT).await;
}

async fn unreadable_requests_are_limited_too(engine: Engine) {
    let world = World::start(engine).await;
    let twice = world.request("x").also("client_id", "x");
    let (failed, _) = failures(&world, &twice).await;
    assert!(failed <= 65, "{failed}");
}

async fn failed_codes_are_limited_too(engine: Engine) {
    let world = World::start(engine).await;
    for n in 0..200 {
        let answer = world.redeem("x", |request| request).await;
        if answer.status == 429 {
            assert!((20..=25).contains(&n), "{n}");
            assert!(!answer.header("retry-after").is_empty());
            return;
        }
        assert_eq!(answer.error(), "invalid_grant");
    }
    panic!("no limit");
}
