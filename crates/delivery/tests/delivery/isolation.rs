//! One endpoint never holds up another.

use std::time::Duration;

use koppeltaal_core::notification::State;
use koppeltaal_delivery::Settings;
use koppeltaal_store::test_support::sqlite_store;

use crate::hook::{Answer, Hook};
use crate::world::{TEST, World, eventually, settings};

#[tokio::test]
async fn an_endpoint_that_never_answers_delays_nobody_else() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let silent = Hook::start(Answer::Never).await;
    let working = Hook::start(Answer::status(200)).await;
    world.connect(TEST, 7, &silent.url());
    world.connect(TEST, 8, &working.url());
    world.announce(TEST, 7, 500).await;
    world.announce(TEST, 8, 100).await;
    let _delivery = world.start();
    world.until(TEST, 8, State::Delivered, 100).await;
    assert_eq!(world.in_state(TEST, 7, State::Pending).await, 500);
    eventually(async || silent.count() == 4).await;
    assert_eq!(working.count(), 100);
}

#[tokio::test]
async fn many_endpoints_that_never_answer_leave_room_for_one_that_does() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let silent = Hook::start(Answer::Never).await;
    let working = Hook::start(Answer::status(200)).await;
    for instance in 100..120 {
        world.connect(TEST, instance, &silent.url());
        world.announce(TEST, instance, 30).await;
    }
    world.connect(TEST, 8, &working.url());
    // Eight requests at the same time, of which the silent ones may soon have two.
    let tight = Settings { total: 8, timeout: Duration::from_millis(200), ..settings() };
    let delivery = world.start_with(tight);
    eventually(async || silent.count() >= 60 && delivery.metrics().in_flight == 2).await;
    world.announce(TEST, 8, 100).await;
    world.until(TEST, 8, State::Delivered, 100).await;
    let mut waiting = 0;
    for instance in 100..120 {
        waiting += world.in_state(TEST, instance, State::Pending).await;
    }
    assert_eq!(waiting, 600);
}

#[tokio::test]
async fn an_endpoint_that_recovers_gets_everything_that_waited() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let hook = Hook::start(Answer::status(500)).await;
    world.connect(TEST, 7, &hook.url());
    world.announce(TEST, 7, 50).await;
    let _delivery = world.start();
    eventually(async || hook.count() >= 10).await;
    hook.answer(Answer::status(200));
    eventually(async || {
        world.advance(Duration::from_secs(30));
        world.in_state(TEST, 7, State::Delivered).await == 50
    })
    .await;
}
