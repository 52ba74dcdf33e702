//! When a key set is fetched, and that it is fetched once for all who wait (T020-2).

use futures_util::future::{join, join_all};

use crate::publisher::*;
use crate::world::*;

#[tokio::test]
async fn a_key_set_is_fetched_again_when_its_max_age_has_passed() {
    for (header, lifetime) in [
        ("", 300),
        ("Cache-Control: max-age=60\r\n", 60),
        ("Cache-Control: max-age=999999\r\n", 3600),
        ("Cache-Control: no-store\r\n", 1),
    ] {
        let world = World::new();
        let publisher = Publisher::start(published(header, &["a"])).await;
        let instance = at(publisher.url());
        for _ in 0..3 {
            assert!(world.of(&instance, "a").await.unwrap().has("a"));
        }
        if lifetime > 1 {
            world.pass(lifetime - 1);
            world.of(&instance, "a").await.unwrap();
        }
        assert_eq!(publisher.hits(), 1, "{header}");
        // Rotated and revoked meanwhile.
        publisher.answer(published(header, &["b"]));
        world.pass(1);
        let keys = world.of(&instance, "a").await.unwrap();
        assert!(!keys.has("a") && keys.has("b"), "{header}");
        assert_eq!(publisher.hits(), 2, "{header}");
    }
}

#[tokio::test]
async fn an_unknown_kid_is_looked_for_once_a_minute() {
    let world = World::new();
    let publisher = Publisher::start(published("Cache-Control: max-age=3600\r\n", &["a"])).await;
    let instance = at(publisher.url());
    world.of(&instance, "a").await.unwrap();
    publisher.answer(published("Cache-Control: max-age=3600\r\n", &["a", "b"]));
    world.pass(1);
    assert!(world.of(&instance, "b").await.unwrap().has("b"), "a rotated key works at once");
    assert_eq!(publisher.hits(), 2);
    for _ in 0..50 {
        assert!(!world.of(&instance, "guess").await.unwrap().has("guess"));
        world.pass(1);
    }
    assert_eq!(publisher.hits(), 2);
    world.pass(10);
    world.of(&instance, "guess").await.unwrap();
    world.of(&instance, "guess").await.unwrap();
    assert_eq!(publisher.hits(), 3);
}

#[tokio::test]
async fn an_unknown_kid_asks_no_more_often_when_the_answer_is_an_error() {
    let world = World::new();
    let publisher = Publisher::start(published("", &["a"])).await;
    let instance = at(publisher.url());
    world.of(&instance, "a").await.unwrap();
    publisher.answer(failing());
    for _ in 0..30 {
        assert!(world.of(&instance, "guess").await.unwrap().has("a"));
        world.pass(1);
    }
    assert_eq!(publisher.hits(), 2);
}

#[tokio::test]
async fn all_who_wait_share_one_fetch() {
    let world = World::new();
    let publisher = Publisher::start(published("Cache-Control: no-store\r\n", &["a"])).await;
    let instance = at(publisher.url());
    publisher.hold(true);
    let calls = join_all((0..50).map(|_| world.of(&instance, "a")));
    let release = async {
        publisher.until_hits(1).await;
        publisher.hold(false);
    };
    let (found, ()) = join(calls, release).await;
    assert!(found.into_iter().all(|keys| keys.unwrap().has("a")));
    assert_eq!(publisher.hits(), 1);
}

#[tokio::test]
async fn a_slow_publisher_holds_up_its_own_instance_only() {
    let world = World::new();
    let slow = Publisher::start(published("", &["slow"])).await;
    let quick = Publisher::start(published("", &["quick"])).await;
    slow.hold(true);
    let (of_slow, of_quick) = (at(slow.url()), at(quick.url()));
    let other = async {
        slow.until_hits(1).await;
        assert!(world.of(&of_quick, "quick").await.unwrap().has("quick"));
        slow.hold(false);
    };
    let (found, ()) = join(world.of(&of_slow, "slow"), other).await;
    assert!(found.unwrap().has("slow"));
}

#[tokio::test]
async fn a_fetch_ends_although_whoever_asked_has_gone() {
    let world = World::new();
    let publisher = Publisher::start(published("", &["a"])).await;
    let instance = at(publisher.url());
    publisher.hold(true);
    tokio::select! {
        biased;
        _ = world.of(&instance, "a") => panic!("it was held"),
        () = publisher.until_hits(1) => {}
    }
    publisher.hold(false);
    assert!(world.of(&instance, "a").await.unwrap().has("a"));
    assert_eq!(publisher.hits(), 1);
}

#[tokio::test]
async fn a_clock_that_is_set_back_keeps_no_key_alive() {
    let world = World::new();
    let publisher = Publisher::start(published("", &["a"])).await;
    let instance = at(publisher.url());
    world.of(&instance, "a").await.unwrap();
    publisher.answer(published("", &["b"]));
    world.pass(-86_400);
    assert!(!world.of(&instance, "a").await.unwrap().has("a"));
}
