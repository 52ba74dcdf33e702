//! A publisher that is down keeps its keys for a while; and is not asked for
//! every token (kt2-auth 1.4).

use std::time::Duration;

use futures_util::future::{join, join_all};

use crate::publisher::*;
use crate::world::*;

#[tokio::test]
async fn all_who_wait_share_one_failure() {
    let world = World::new();
    let publisher = Publisher::start(failing()).await;
    let instance = at(publisher.url());
    publisher.hold(true);
    let calls = join_all((0..50).map(|_| world.of(&instance, "a")));
    let release = async {
        publisher.until_hits(1).await;
        publisher.hold(false);
    };
    let (found, ()) = join(calls, release).await;
    for failure in found {
        assert_eq!(error(failure), "the key set's URL answered 503");
    }
    assert_eq!(publisher.hits(), 1);
}

#[tokio::test]
async fn keys_are_used_on_while_the_publisher_is_down() {
    let world = World::new();
    let publisher = Publisher::start(published("Cache-Control: max-age=60\r\n", &["a"])).await;
    let instance = at(publisher.url());
    world.of(&instance, "a").await.unwrap();
    publisher.answer(failing());
    world.pass(60);
    for _ in 0..20 {
        assert!(world.of(&instance, "a").await.unwrap().has("a"));
        assert!(world.of(&instance, "guess").await.unwrap().has("a"));
    }
    assert_eq!(publisher.hits(), 2, "it is not asked for every token");
    // Asked again after a while, and nobody waits for it.
    world.pass(10);
    publisher.hold(true);
    assert!(world.of(&instance, "a").await.unwrap().has("a"));
    publisher.until_hits(3).await;
    for _ in 0..20 {
        assert!(world.of(&instance, "a").await.unwrap().has("a"));
    }
    publisher.answer(published("Cache-Control: max-age=60\r\n", &["b"]));
    publisher.hold(false);
    // Up again: what was revoked meanwhile stops.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while world.of(&instance, "b").await.unwrap().has("a") {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(publisher.hits(), 3);
}

#[tokio::test]
async fn a_failure_of_long_ago_lets_no_old_key_pass() {
    let world = World::new();
    let publisher = Publisher::start(published("Cache-Control: max-age=60\r\n", &["a"])).await;
    let instance = at(publisher.url());
    world.of(&instance, "a").await.unwrap();
    publisher.answer(failing());
    world.pass(60);
    world.of(&instance, "a").await.unwrap();
    publisher.answer(published("", &["b"]));
    world.pass(3600);
    assert!(!world.of(&instance, "a").await.unwrap().has("a"));
}

#[tokio::test]
async fn a_publisher_that_was_never_reached_is_asked_again_after_ten_seconds() {
    let world = World::new();
    let publisher = Publisher::start(failing()).await;
    let instance = at(publisher.url());
    for _ in 0..5 {
        assert_eq!(error(world.of(&instance, "a").await), "the key set's URL answered 503");
    }
    assert_eq!(publisher.hits(), 1);
    publisher.answer(published("", &["a"]));
    world.pass(9);
    world.of(&instance, "a").await.unwrap_err();
    world.pass(1);
    assert!(world.of(&instance, "a").await.unwrap().has("a"));
    assert_eq!(publisher.hits(), 2);
}

#[tokio::test]
async fn a_publisher_that_never_answers_is_given_up() {
    let world = World::patient(Duration::from_millis(200));
    let publisher = Publisher::start(published("", &["a"])).await;
    publisher.hold(true);
    let instance = at(publisher.url());
    assert_eq!(error(world.of(&instance, "a").await), "no answer within 200 ms");
    assert_eq!(error(world.of(&instance, "a").await), "no answer within 200 ms");
    assert_eq!(publisher.hits(), 1);
}
