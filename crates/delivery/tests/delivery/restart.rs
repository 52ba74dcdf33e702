//! Several processes, and processes that end: nothing is lost, and what two of
//! them share is sent once.

use std::collections::BTreeSet;
use std::time::Duration;

use koppeltaal_core::notification::State;
use koppeltaal_delivery::Settings;
use koppeltaal_store::both;
use koppeltaal_store::outbox::{self, Wanted};
use koppeltaal_store::test_support::sqlite_store;

use crate::hook::{Answer, Hook};
use crate::world::{TEST, World, eventually, settings};

both!(two_workers_on_one_store_send_everything_once, |store| async {
    let mut world = World::new(&store);
    let hooks = [Hook::start(Answer::status(200)).await, Hook::start(Answer::status(204)).await];
    world.connect(TEST, 7, &hooks[0].url());
    world.connect(TEST, 8, &hooks[1].url());
    let (first, second) = (world.start(), world.start());
    for _ in 0..10 {
        world.announce(TEST, 7, 15).await;
        first.wake();
        world.announce(TEST, 8, 15).await;
        second.wake();
    }
    world.until(TEST, 7, State::Delivered, 150).await;
    world.until(TEST, 8, State::Delivered, 150).await;
    first.shutdown().await;
    second.shutdown().await;
    for hook in &hooks {
        let received = hook.received();
        assert_eq!(received.len(), 150);
        let identifiers: BTreeSet<_> =
            received.iter().filter_map(|r| r.header("koppeltaalmessageidentifier")).collect();
        assert_eq!(identifiers.len(), 150);
    }
});

both!(what_a_dead_process_had_leased_is_sent_when_the_lease_ends, |store| async {
    let mut world = World::new(&store);
    let hook = Hook::start(Answer::status(200)).await;
    let other = Hook::start(Answer::status(200)).await;
    world.connect(TEST, 7, &hook.url());
    world.connect(TEST, 8, &other.url());
    world.announce(TEST, 7, 20).await;
    let (now, until) = (world.now(), world.now().plus(Duration::from_secs(30)));
    let wanted = [Wanted { domain: TEST, instance: 7, limit: 12 }];
    let lost = store.write(move |tx| outbox::lease(tx, &wanted, now, until)).await.unwrap();
    assert_eq!(lost.len(), 12);

    let _delivery = world.start();
    world.until(TEST, 7, State::Delivered, 8).await;
    world.advance(Duration::from_millis(29_999));
    world.announce(TEST, 8, 1).await;
    world.until(TEST, 8, State::Delivered, 1).await;
    assert_eq!(hook.count(), 8);
    world.advance(Duration::from_millis(1));
    world.until(TEST, 7, State::Delivered, 20).await;
    assert_eq!(hook.count(), 20);
});

#[tokio::test]
async fn shutdown_ends_what_is_in_flight_and_gives_back_the_rest() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let hook = Hook::start(Answer::After(Duration::from_millis(300))).await;
    world.connect(TEST, 7, &hook.url());
    world.announce(TEST, 7, 10).await;
    let delivery = world.start_with(Settings { per_instance: 2, ..settings() });
    eventually(async || hook.count() == 2).await;
    delivery.shutdown().await;
    assert_eq!(hook.count(), 2);
    assert_eq!(world.in_state(TEST, 7, State::Delivered).await, 2);
    // The next process need not wait for the end of a lease.
    let waiting = store.read(outbox::waiting).await.unwrap();
    assert_eq!(waiting.iter().map(|waiting| waiting.due).collect::<Vec<_>>(), [world.now()]);
    hook.answer(Answer::status(200));
    let _next = world.start();
    world.until(TEST, 7, State::Delivered, 10).await;
    assert_eq!(hook.count(), 10);
}

#[tokio::test]
async fn shutdown_does_not_wait_for_an_endpoint_that_never_answers() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    let hook = Hook::start(Answer::Never).await;
    world.connect(TEST, 7, &hook.url());
    let id = world.announce(TEST, 7, 1).await[0];
    let grace = Duration::from_millis(50);
    let delivery = world.start_with(Settings { grace, ..settings() });
    eventually(async || hook.count() == 1).await;
    delivery.shutdown().await;
    // Nobody knows whether it arrived: it is due again, and no attempt counts.
    let shown = world.show(TEST, id).await;
    assert_eq!((shown.state, shown.failed, shown.attempts.len()), (State::Pending, 0, 0));
    let waiting = store.read(outbox::waiting).await.unwrap();
    assert_eq!(waiting[0].due, world.now());
}
