//! Rest-hooks of one subscription go out one after the other, whatever happens.

use std::time::Duration;

use koppeltaal_core::notification::State;
use koppeltaal_delivery::Settings;
use koppeltaal_store::both;

use crate::hook::{Answer, Hook};
use crate::lanes::{arrived, seconds};
use crate::world::{World, eventually, settings};

both!(notifications_of_a_subscription_arrive_in_order_one_at_a_time, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::After(Duration::from_millis(1))).await;
    world.subscribe(5, &hook.url()).await;
    let mut ids = world.ping(5, 150).await;
    let delivery = world.start();
    ids.extend(world.ping(5, 20).await);
    delivery.wake();
    world.until_lane(5, State::Delivered, 170).await;
    assert_eq!(arrived(&hook), ids);
    assert_eq!((hook.most_in_flight(), hook.connections()), (1, 1));
    let metrics = delivery.metrics();
    assert_eq!((metrics.sent, metrics.failed, metrics.dead), (170, 0, 0));
});

both!(while_the_first_is_retried_the_others_wait, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::status(500)).await;
    let other = Hook::start(Answer::status(200)).await;
    world.subscribe(5, &hook.url()).await;
    world.subscribe(6, &other.url()).await;
    let ids = world.ping(5, 3).await;
    let _delivery = world.start();
    for (attempts, pause) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
        world.tried(ids[0], attempts).await;
        assert_eq!(world.head_due(5).await, Some(world.now().plus(seconds(pause))));
        // A moment too early: what is due for another goes out, this does not.
        world.advance(seconds(pause) - Duration::from_millis(1));
        world.ping(6, 1).await;
        world.until_lane(6, State::Delivered, attempts).await;
        assert_eq!(arrived(&hook), vec![ids[0]; attempts]);
        if attempts == 4 {
            hook.answer(Answer::status(204));
        }
        world.advance(Duration::from_millis(1));
    }
    world.until_lane(5, State::Delivered, 3).await;
    assert_eq!(arrived(&hook)[4..], ids);
    assert_eq!(world.lane(5, State::Pending).await, 0);
});

both!(a_connection_that_is_cut_or_an_answer_that_is_late_is_a_failure, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let late = Answer::After(Duration::from_secs(3));
    let script = vec![Answer::Reset, late, Answer::with(503, ""), Answer::status(200)];
    let hook = Hook::start(Answer::Script(script)).await;
    world.subscribe(5, &hook.url()).await;
    let ids = world.ping(5, 2).await;
    let _delivery =
        world.start_with(Settings { hook_timeout: Duration::from_millis(400), ..settings() });
    for attempts in 1..=3 {
        world.tried(ids[0], attempts).await;
        world.advance_to_head(5).await;
    }
    world.until_lane(5, State::Delivered, 2).await;
    let shown = world.show(crate::world::TEST, ids[0]).await;
    let errors: Vec<_> =
        shown.attempts.iter().map(|attempt| attempt.error.clone().unwrap_or_default()).collect();
    assert!(errors[0].starts_with("no answer"), "{errors:?}");
    assert_eq!(errors[1..], ["no answer within 400 ms", "answered 503", ""]);
    assert_eq!(arrived(&hook), [ids[0], ids[0], ids[0], ids[0], ids[1]]);
});

both!(retry_after_lengthens_the_pause_beyond_the_longest_and_never_shortens_it, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let asked = |value: &str| Answer::with(429, &format!("Retry-After: {value}\r\n"));
    let answers = ["100", "1", "20000", "99999999"].map(asked).to_vec();
    let hook = Hook::start(Answer::Script(answers)).await;
    world.subscribe(5, &hook.url()).await;
    let id = world.ping(5, 1).await[0];
    let start = world.now();
    let _delivery = world.start();
    for (attempts, pause) in [(1, 100), (2, 2), (3, 20_000)] {
        world.tried(id, attempts).await;
        assert_eq!(world.head_due(5).await, Some(world.now().plus(seconds(pause))), "{attempts}");
        world.advance(seconds(pause));
    }
    // Not beyond the end of the time.
    world.tried(id, 4).await;
    assert_eq!(world.head_due(5).await, Some(start.plus(seconds(72 * 3600))));
});

both!(what_is_committed_late_with_an_older_key_does_not_break_the_lane, |store| async {
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::After(Duration::from_millis(30))).await;
    world.subscribe(5, &hook.url()).await;
    let early = world.keys(1);
    world.ping(5, 3).await;
    let delivery = world.start();
    eventually(async || hook.count() == 1).await;
    world
        .sql(
            "INSERT INTO outbox (domain, id, generation, instance, item, identifier, state, failed,
               attempts, rounds, next_attempt, due, created, lane, request_id)
             SELECT domain, $1, generation, instance, $1, identifier, 0, 0, 0, 0, next_attempt, due,
               created, lane, $2 FROM outbox ORDER BY id DESC LIMIT 1",
            vec![early.into(), format!("r-{early}").into()],
        )
        .await;
    delivery.wake();
    world.until_lane(5, State::Delivered, 4).await;
    assert_eq!((hook.count(), hook.most_in_flight()), (4, 1));
    assert!(arrived(&hook).contains(&early));
});
