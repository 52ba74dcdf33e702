//! At most five attempts with growing pauses, then a dead letter that an
//! operator can send again.

use std::time::Duration;

use koppeltaal_core::notification::State;
use koppeltaal_store::outbox::{self, Trigger};
use koppeltaal_store::test_support::sqlite_store;

use crate::hook::{Answer, Hook};
use crate::world::{TEST, World};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn an_endpoint_that_always_fails_is_tried_five_times() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let failing = Hook::start(Answer::status(500)).await;
    let working = Hook::start(Answer::status(200)).await;
    world.connect(TEST, 7, &failing.url());
    world.connect(TEST, 8, &working.url());
    let id = world.announce(TEST, 7, 1).await[0];
    let delivery = world.start();
    for (attempts, pause) in [(1, 30), (2, 60), (3, 120), (4, 240)] {
        let shown = world.until_tried(TEST, id, attempts).await;
        assert_eq!((shown.state, shown.failed), (State::Pending, attempts as u32));
        assert_eq!(shown.next_attempt, Some(world.now().plus(seconds(pause))));
        // A moment too early: what is due for another goes out, this does not.
        world.advance(seconds(pause) - Duration::from_millis(1));
        world.announce(TEST, 8, 1).await;
        world.until(TEST, 8, State::Delivered, attempts).await;
        assert_eq!(failing.count(), attempts);
        world.advance(Duration::from_millis(1));
    }
    let shown = world.until_tried(TEST, id, 5).await;
    assert_eq!((shown.state, shown.next_attempt), (State::Dead, None));
    world.advance(seconds(86_400));
    world.announce(TEST, 8, 1).await;
    world.until(TEST, 8, State::Delivered, 5).await;
    assert_eq!(failing.count(), 5);
    let metrics = delivery.metrics();
    assert_eq!((metrics.sent, metrics.failed, metrics.dead), (5, 5, 1));
}

#[tokio::test]
async fn a_second_try_that_works_ends_it() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let hook = Hook::start(Answer::status(503)).await;
    world.connect(TEST, 7, &hook.url());
    let id = world.announce(TEST, 7, 1).await[0];
    let _delivery = world.start();
    world.until_tried(TEST, id, 1).await;
    hook.answer(Answer::status(202));
    world.advance(seconds(30));
    world.until(TEST, 7, State::Delivered, 1).await;
    assert_eq!(hook.count(), 2);
}

#[tokio::test]
async fn retry_after_lengthens_the_pause_and_never_shortens_it() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let hook = Hook::start(Answer::with(429, "Retry-After: 100\r\n")).await;
    world.connect(TEST, 7, &hook.url());
    let id = world.announce(TEST, 7, 1).await[0];
    let _delivery = world.start();
    for (attempts, header, pause) in
        [(1, "Retry-After: 1\r\n", 100), (2, "Retry-After: 999999\r\n", 60), (3, "", 3600)]
    {
        let shown = world.until_tried(TEST, id, attempts).await;
        assert_eq!(shown.next_attempt, Some(world.now().plus(seconds(pause))));
        hook.answer(Answer::with(503, header));
        world.advance(seconds(pause));
    }
}

#[tokio::test]
async fn a_dead_letter_goes_to_the_corrected_url_when_it_is_sent_again() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let wrong = Hook::start(Answer::status(404)).await;
    let right = Hook::start(Answer::status(200)).await;
    world.connect(TEST, 7, &wrong.url());
    let id = world.announce(TEST, 7, 1).await[0];
    let delivery = world.start();
    for attempts in 1..=5 {
        world.until_tried(TEST, id, attempts).await;
        world.advance(seconds(240));
    }
    world.until(TEST, 7, State::Dead, 1).await;

    world.connect(TEST, 7, &right.url());
    let now = world.now();
    world.scope(TEST).write(move |tx| outbox::resend(tx, id, now)).await.unwrap();
    delivery.wake();
    world.until(TEST, 7, State::Delivered, 1).await;
    let shown = world.show(TEST, id).await;
    assert_eq!((wrong.count(), right.count()), (5, 1));
    let last = shown.attempts.last().unwrap();
    assert_eq!((last.number, last.trigger), (6, Trigger::Resend));
    assert_eq!(last.endpoint.as_deref(), Some(right.url().as_str()));
}

#[tokio::test]
async fn what_cannot_be_sent_to_anybody_is_given_up_with_its_reason() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let hook = Hook::start(Answer::status(200)).await;
    for instance in [7, 8, 9] {
        world.connect(TEST, instance, &hook.url());
    }
    world.change(TEST, 7, |instance| instance.webhook = None);
    world.change(TEST, 8, |instance| instance.active = Some(false));
    let mut ids = Vec::new();
    for instance in [7, 8, 99] {
        ids.push(world.announce(TEST, instance, 1).await[0]);
    }
    let _delivery = world.start();
    // For a moment the directory of this process may just be behind the store.
    world.announce(TEST, 9, 1).await;
    world.until(TEST, 9, State::Delivered, 1).await;
    for instance in [7, 8, 99] {
        assert_eq!(world.in_state(TEST, instance, State::Pending).await, 1);
    }
    world.advance(seconds(10));
    for (id, reason) in ids.into_iter().zip(["no webhook", "switched off", "not in the directory"])
    {
        let shown = world.until_tried(TEST, id, 1).await;
        assert_eq!((shown.state, &shown.attempts[0].endpoint), (State::Dead, &None));
        assert!(shown.attempts[0].error.as_ref().unwrap().contains(reason), "{shown:?}");
    }
    assert_eq!(hook.count(), 1);
}

#[tokio::test]
async fn an_outcome_that_cannot_be_written_yet_is_written_later_and_sent_once() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let hook = Hook::start(Answer::status(200)).await;
    world.connect(TEST, 7, &hook.url());
    let rename = |from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        store.write(move |tx| tx.execute(&sql, &[]))
    };
    rename("attempt", "elsewhere").await.unwrap();
    let id = world.announce(TEST, 7, 1).await[0];
    let delivery = world.start();
    crate::world::eventually(async || delivery.metrics().record_failures > 0).await;
    rename("elsewhere", "attempt").await.unwrap();
    world.until(TEST, 7, State::Delivered, 1).await;
    assert_eq!(world.show(TEST, id).await.attempts.len(), 1);
    assert_eq!(hook.count(), 1);
}
