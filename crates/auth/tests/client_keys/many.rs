//! As many instances as the server is made for: what is known of one is not
//! forgotten because there are others.

use std::sync::Arc;

use koppeltaal_auth::jose::Signer;
use koppeltaal_core::directory::Instance;
use serde_json::json;

use crate::publisher::*;
use crate::world::*;

/// More than there are instances, with a key set at a URL each.
const MANY: usize = 19_999;

#[tokio::test]
async fn keys_failures_and_pauses_are_remembered_for_every_instance() {
    let world = World::new();
    let (up, down) =
        (Publisher::start(published("", &["a"])).await, Publisher::start(failing()).await);
    let (of_up, of_down) = (at(up.url()), at(down.url()));
    world.of(&of_up, "a").await.unwrap();
    world.of(&of_down, "a").await.unwrap_err();
    for n in 0..MANY - 1 {
        // Refused before anything is called, which is remembered like any failure.
        world.of(&at(format!("http://publisher.example/{n}")), "a").await.unwrap_err();
    }
    world.of(&of_up, "a").await.unwrap();
    world.of(&of_down, "a").await.unwrap_err();
    assert_eq!((up.hits(), down.hits()), (1, 1));
}

#[tokio::test]
async fn at_the_limit_the_instances_that_are_not_used_make_room() {
    let world = World::new();
    let publisher = Publisher::start(published("", &["a"])).await;
    let (busy, idle) = (at(publisher.url()), at(format!("{}?idle", publisher.url())));
    world.of(&idle, "a").await.unwrap();
    for n in 0..2 * MANY {
        world.clock.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        world.of(&busy, "a").await.unwrap();
        world.of(&at(format!("http://publisher.example/{n}")), "a").await.unwrap_err();
    }
    assert_eq!(publisher.hits(), 2);
    world.of(&idle, "a").await.unwrap();
    assert_eq!(publisher.hits(), 3);
}

#[tokio::test]
async fn inline_keys_of_every_instance_are_parsed_once() {
    let world = World::new();
    let jwks = json!({"keys": [Signer::generate().unwrap().jwk()]}).to_string();
    let instance = |n: usize| {
        let (client_id, jwks) = (n.to_string(), Some(jwks.clone()));
        connected(lenient(), Instance { client_id, jwks, ..Instance::default() })
    };
    let first = world.of(&instance(0), "a").await.unwrap();
    for n in 1..MANY {
        world.of(&instance(n), "a").await.unwrap();
    }
    assert!(Arc::ptr_eq(&first, &world.of(&instance(0), "a").await.unwrap()));
}
