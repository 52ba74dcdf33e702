//! Rest-hooks, endpoints that hang, and several processes.

use std::time::Duration;

use koppeltaal_core::notification::State;
use koppeltaal_delivery::Settings;
use koppeltaal_store::both;
use koppeltaal_store::outbox::{self, LaneLease, WantedLane};
use koppeltaal_store::test_support::{postgres_store, sqlite_store};

use crate::hook::{Answer, Hook};
use crate::lanes::{arrived, seconds};
use crate::world::{TEST, World, eventually, settings};

#[tokio::test]
async fn many_subscriptions_to_an_endpoint_that_hangs_leave_room_for_others() {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    world.subscriber().await;
    let silent = Hook::start(Answer::Never).await;
    let working = Hook::start(Answer::status(200)).await;
    for key in 100..160 {
        world.subscribe(key, &format!("http://{}/{key}", silent.address)).await;
        world.ping(key, 5).await;
    }
    world.subscribe(5, &working.url()).await;
    // Eight requests at the same time, of which one endpoint has four at most.
    let tight = Settings {
        total: 8,
        per_endpoint: 4,
        hook_timeout: Duration::from_millis(300),
        ..settings()
    };
    let delivery = world.start_with(tight);
    eventually(async || silent.count() >= 4).await;
    world.ping(5, 200).await;
    delivery.wake();
    world.until_lane(5, State::Delivered, 200).await;
    assert_eq!(working.count(), 200);
    // It is spared by now: one at a time, with rests.
    eventually(async || delivery.metrics().strained == 1).await;
    eventually(async || delivery.metrics().in_flight <= 1).await;
    // When it is back, everybody gets everything.
    silent.answer(Answer::status(200));
    eventually(async || {
        world.advance(seconds(2));
        let mut delivered = 0;
        for key in 100..160 {
            delivered += world.lane(key, State::Delivered).await;
        }
        delivered == 300
    })
    .await;
    assert_eq!(delivery.metrics().dead, 0);
}

both!(two_workers_on_one_store_double_nothing_and_keep_the_order, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let mut hooks = Vec::new();
    for key in 5..9 {
        let hook = Hook::start(Answer::status(200)).await;
        world.subscribe(key, &hook.url()).await;
        hooks.push(hook);
    }
    let (first, second) = (world.start(), world.start());
    let mut sent: Vec<Vec<i64>> = vec![vec![]; 4];
    for _ in 0..15 {
        for key in 5..9 {
            let ids = world.ping(key, 10).await;
            sent[key as usize - 5].extend(ids);
            if key % 2 == 0 { first.wake() } else { second.wake() }
        }
    }
    for key in 5..9 {
        world.until_lane(key, State::Delivered, 150).await;
    }
    first.shutdown().await;
    second.shutdown().await;
    for (hook, sent) in hooks.iter().zip(sent) {
        assert_eq!(arrived(hook), sent);
        assert_eq!(hook.most_in_flight(), 1);
    }
});

both!(what_a_killed_process_had_is_sent_by_the_next_one_after_its_lease, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::status(200)).await;
    let other = Hook::start(Answer::status(200)).await;
    world.subscribe(5, &hook.url()).await;
    world.subscribe(6, &other.url()).await;
    let ids = world.ping(5, 10).await;
    // A process that is killed has got this far.
    let wanted = [WantedLane { domain: TEST, lane: 5, limit: 4 }];
    let (now, until) = (world.now(), world.now().plus(seconds(30)));
    let leased = store.write(move |tx| outbox::lease_lanes(tx, &wanted, now, until)).await.unwrap();
    assert!(matches!(&leased[..], [LaneLease::Taken(_)]));
    let _next = world.start();
    world.advance(seconds(29));
    world.ping(6, 1).await;
    world.until_lane(6, State::Delivered, 1).await;
    assert_eq!(hook.count(), 0);
    world.advance(seconds(1));
    world.until_lane(5, State::Delivered, 10).await;
    assert_eq!(arrived(&hook), ids);
});

both!(shutdown_gives_lanes_back_at_once, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::After(Duration::from_millis(50))).await;
    world.subscribe(5, &hook.url()).await;
    let ids = world.ping(5, 10).await;
    let delivery = world.start();
    eventually(async || hook.count() >= 2).await;
    delivery.shutdown().await;
    let so_far = hook.count();
    assert!(so_far < 10);
    assert_eq!(world.lane(5, State::Delivered).await, so_far);
    hook.answer(Answer::status(200));
    let _next = world.start();
    world.until_lane(5, State::Delivered, 10).await;
    assert_eq!(arrived(&hook), ids);
});

both!(an_outcome_that_cannot_be_written_yet_is_written_later_and_sent_once, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::status(200)).await;
    world.subscribe(5, &hook.url()).await;
    world.sql("ALTER TABLE attempt RENAME TO elsewhere", vec![]).await;
    let ids = world.ping(5, 3).await;
    let delivery = world.start();
    eventually(async || delivery.metrics().record_failures > 0).await;
    world.sql("ALTER TABLE elsewhere RENAME TO attempt", vec![]).await;
    world.until_lane(5, State::Delivered, 3).await;
    assert_eq!(arrived(&hook), ids);
});

#[tokio::test]
async fn a_commit_of_another_process_wakes_this_one() {
    let store = postgres_store().await;
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::status(200)).await;
    world.subscribe(5, &hook.url()).await;
    let _delivery = world.start_with(Settings { poll: seconds(3600), ..settings() });
    let (wakes, _listening) = store.wakes(|| {}).unwrap();
    for count in 1..=3 {
        world.ping(5, 1).await;
        wakes.tell();
        world.until_lane(5, State::Delivered, count).await;
    }
}
