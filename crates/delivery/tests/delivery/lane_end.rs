//! When a lane ends: the last try, switched off, gone, past its end, not allowed
//! any more; and how what was missed comes back.

use koppeltaal_core::directory::Scope;
use koppeltaal_core::notification::State;
use koppeltaal_delivery::Settings;
use koppeltaal_store::{both, outbox};

use crate::hook::{Answer, Hook};
use crate::lanes::{OWNER, arrived, reading, seconds};
use crate::world::{TEST, World, eventually, settings};

const DAYS: u64 = 72 * 3600;

/// Lets an endpoint fail until its subscription is given up.
async fn until_given_up(world: &World, lane: i64, head: i64) -> usize {
    let mut attempts = 0;
    while world.lane(lane, State::Pending).await > 0 {
        attempts += 1;
        world.tried(head, attempts).await;
        world.advance_to_head(lane).await;
        assert!(attempts < 150);
    }
    attempts
}

both!(after_the_last_try_the_subscription_is_in_error_and_nothing_is_lost, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::status(500)).await;
    world.subscribe(5, &hook.url()).await;
    let ids = world.ping(5, 4).await;
    let start = world.now();
    let delivery = world.start();
    let attempts = until_given_up(&world, 5, ids[0]).await;
    assert_eq!(world.now().since(start), seconds(DAYS));
    assert!((80..100).contains(&attempts), "{attempts}");
    assert_eq!(arrived(&hook), vec![ids[0]; attempts]);
    assert_eq!(world.lane(5, State::Dead).await, 4);
    assert_eq!(world.subscription(5).await, (2, Some("answered 500".to_owned()), 0));
    let shown = world.show(TEST, ids[3]).await;
    let reason = format!("given up with notification {}", ids[0]);
    assert_eq!(shown.attempts[0].error.as_deref(), Some(reason.as_str()));

    // The owner makes it active again: what was missed is sent in order.
    hook.answer(Answer::status(200));
    let before = hook.count();
    world.set(5, "state = 1, failure = NULL, told = 1").await;
    let now = world.now();
    world
        .sql(
            "UPDATE outbox SET state = 0, failed = 0, due = $1, next_attempt = $1 WHERE state = 2",
            vec![now.0.into()],
        )
        .await;
    let newer = world.ping(5, 1).await[0];
    delivery.wake();
    world.until_lane(5, State::Delivered, 5).await;
    assert_eq!(arrived(&hook)[before..], [ids[0], ids[1], ids[2], ids[3], newer]);
});

both!(a_subscription_that_was_changed_during_the_last_try_gets_a_new_round, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::status(500)).await;
    world.subscribe(5, &hook.url()).await;
    let id = world.ping(5, 1).await[0];
    let hook_timeout = seconds(1);
    let _delivery = world.start_with(Settings { hook_timeout, ..settings() });
    world.tried(id, 1).await;
    // The last try hangs while the owner corrects the endpoint.
    hook.answer(Answer::Never);
    world.sql("UPDATE outbox SET begun = begun - $1", vec![(DAYS as i64 * 1_000_000).into()]).await;
    world.advance_to_head(5).await;
    eventually(async || hook.count() == 2).await;
    let right = Hook::start(Answer::status(200)).await;
    let endpoint = format!("endpoint = '{}', version = 2", right.url());
    world.set(5, &endpoint).await;
    world.until_lane(5, State::Delivered, 1).await;
    assert_eq!((world.subscription(5).await.0, right.count()), (1, 1));
});

both!(what_waits_for_a_subscription_that_is_off_gone_or_past_its_end_is_not_sent, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::status(200)).await;
    let past = world.now().minus(seconds(1)).0;
    let cases = [
        (5, "state = 0".to_owned(), "off"),
        (6, "state = 3, endpoint = ''".to_owned(), "gone"),
        (7, format!("ends = {past}"), "ended"),
    ];
    let mut ids = Vec::new();
    for (key, change, _) in &cases {
        world.subscribe(*key, &hook.url()).await;
        world.set(*key, change).await;
        ids.push(world.ping(*key, 1200).await[1199]);
    }
    // One that was never there.
    world.ping(8, 2).await;
    let delivery = world.start();
    for ((key, _, reason), id) in cases.iter().zip(ids) {
        world.until_lane(*key, State::Dead, 1200).await;
        let shown = world.show(TEST, id).await;
        assert!(shown.attempts[0].error.as_ref().unwrap().contains(reason), "{shown:?}");
    }
    world.until_lane(8, State::Dead, 2).await;
    assert_eq!(hook.count(), 0);
    eventually(async || delivery.metrics().dead == 3602).await;
    assert_eq!(world.subscription(5).await, (0, None, 1));
});

both!(what_the_subscriber_may_not_read_any_more_is_not_sent_and_the_lane_goes_on, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::status(500)).await;
    world.subscribe(5, &hook.url()).await;
    let ids = world.ping(5, 1).await;
    let delivery = world.start();
    world.tried(ids[0], 1).await;
    // Between two attempts the right goes; resources of others stay readable.
    world.grant("reader", reading(Scope::Granted, &["somebody-else"]));
    world.advance_to_head(5).await;
    world.until_lane(5, State::Dead, 1).await;
    assert_eq!((hook.count(), delivery.metrics().withdrawn), (1, 1));
    let shown = world.show(TEST, ids[0]).await;
    assert!(shown.attempts[1].error.as_ref().unwrap().contains("may not read"), "{shown:?}");
    hook.answer(Answer::status(200));
    world.grant("reader", reading(Scope::Granted, &["somebody-else", OWNER]));
    world.ping(5, 1).await;
    world.until_lane(5, State::Delivered, 1).await;
    assert_eq!((hook.count(), world.subscription(5).await.0), (2, 1));
    // The origin of what is not there cannot be looked up: a ping says nothing.
    world.sql("DELETE FROM resource", vec![]).await;
    world.ping(5, 1).await;
    world.until_lane(5, State::Delivered, 2).await;
    assert_eq!(delivery.metrics().unchecked, 1);
});

both!(a_dead_letter_of_a_failed_subscription_is_sent_again_by_itself, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::status(500)).await;
    world.subscribe(5, &hook.url()).await;
    let ids = world.ping(5, 3).await;
    world.set(5, "state = 2").await;
    let delivery = world.start();
    world.until_lane(5, State::Dead, 3).await;
    assert_eq!(hook.count(), 0);
    for (state, status) in [(State::Dead, 500), (State::Delivered, 200)] {
        hook.answer(Answer::status(status));
        let (id, now, before) = (ids[1], world.now(), hook.count());
        world.scope(TEST).write(move |tx| outbox::resend(tx, id, now)).await.unwrap();
        delivery.wake();
        eventually(async || {
            hook.count() == before + 1 && world.show(TEST, id).await.state == state
        })
        .await;
    }
    assert_eq!(world.lane(5, State::Dead).await, 2);
    assert_eq!(arrived(&hook), [ids[1], ids[1]]);
});

both!(nothing_is_sent_while_dead_letters_come_back, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::status(200)).await;
    let other = Hook::start(Answer::status(200)).await;
    world.subscribe(5, &hook.url()).await;
    world.subscribe(6, &other.url()).await;
    world.set(5, "reviving = 1").await;
    world.ping(5, 2).await;
    let _delivery = world.start();
    world.ping(6, 3).await;
    world.until_lane(6, State::Delivered, 3).await;
    assert_eq!(hook.count(), 0);
    world.set(5, "reviving = 0").await;
    world.advance(seconds(1));
    world.until_lane(5, State::Delivered, 2).await;
});
