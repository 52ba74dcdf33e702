//! Attempts that fail, and what comes after them: the same notification again, later each time,
//! with the rest of its subscription behind it and nobody else.

use std::time::Duration;

use crate::kit::{Writer, plan, subscribe};
use crate::receiver::{Manner, Receiver};
use crate::support::Engine;

on_both_engines!(
    whatever_is_no_success_is_tried_again,
    a_redirect_is_not_followed,
    who_asks_for_time_is_given_it,
    the_rest_of_a_subscription_waits_behind_its_head,
    who_does_not_answer_holds_up_nobody_else,
    an_answer_that_is_late_is_an_answer,
    what_waits_becomes_one_where_the_setting_says_so,
);

async fn whatever_is_no_success_is_tried_again(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let writer = Writer::of(&world, "own").await;
    subscribe(&writer.client, "Task?status=ready", &receiver).await;
    let failures = [
        Manner::Answer(500),
        Manner::Answer(404),
        Manner::Answer(410),
        Manner::Answer(304),
        Manner::Reset,
        Manner::Garbage,
        Manner::Hang,
    ];
    receiver.next(failures.clone());
    writer.create("w-1", "ready").await;
    let calls = receiver.heard_of("w-1").await;
    assert_eq!(calls.len(), failures.len() + 1);
    assert!(calls.iter().all(|call| call.cause() == "w-1"));
    let trace = calls[0].header("x-trace-id");
    assert!(calls.iter().all(|call| call.header("x-trace-id") == trace));
    let ids: std::collections::HashSet<_> =
        calls.iter().map(|call| call.header("x-request-id").unwrap()).collect();
    assert_eq!(ids.len(), calls.len(), "each attempt has an id of its own");
    for (at, pair) in calls.windows(2).enumerate() {
        let pause = pair[1].at - pair[0].at;
        assert!(pause > Duration::from_millis(40), "{pause:?} after attempt {at}");
    }
    // Success is any 2xx, and the end of it.
    for (status, name) in [(201, "w-2"), (204, "w-3")] {
        receiver.next([Manner::Answer(status)]);
        let before = receiver.calls().len();
        writer.create(name, "ready").await;
        receiver.heard(before + 1).await;
    }
    writer.create("w-4", "ready").await;
    let calls = receiver.heard_of("w-4").await;
    assert_eq!(calls.len(), failures.len() + 4, "{calls:#?}");
}

async fn a_redirect_is_not_followed(engine: Engine) {
    let world = plan(engine).start().await;
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let writer = Writer::of(&world, "own").await;
    subscribe(&writer.client, "Task?status=ready", &receiver).await;
    let location = vec![format!("Location: {}", elsewhere.url())];
    let moved = |status| Manner::With(status, location.clone());
    receiver.next([301, 302, 303, 307, 308].map(moved));
    writer.create("w-1", "ready").await;
    let calls = receiver.heard_of("w-1").await;
    assert_eq!(calls.len(), 6);
    assert!(elsewhere.calls().is_empty());
}

async fn who_asks_for_time_is_given_it(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let writer = Writer::of(&world, "own").await;
    subscribe(&writer.client, "Task?status=ready", &receiver).await;
    receiver.next([Manner::With(503, vec!["Retry-After: 3".to_owned()])]);
    writer.create("w-1", "ready").await;
    let calls = receiver.heard_of("w-1").await;
    let pause = calls[1].at - calls[0].at;
    assert!(pause >= Duration::from_millis(2900), "{pause:?}");
    assert!(pause < Duration::from_secs(10), "{pause:?}");
}

async fn the_rest_of_a_subscription_waits_behind_its_head(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let writer = Writer::of(&world, "own").await;
    subscribe(&writer.client, "Task?status=ready", &receiver).await;
    receiver.always(Manner::Answer(503));
    let names: Vec<String> = (0..10).map(|number| format!("w-{number}")).collect();
    for name in &names {
        writer.create(name, "ready").await;
    }
    let calls = receiver.heard(4).await;
    assert!(calls.iter().all(|call| call.cause() == names[0]), "{calls:#?}");
    // Late answers would show two at a time, if there were two.
    receiver.always(Manner::Late(Duration::from_millis(30)));
    receiver.heard_of(&names[9]).await;
    assert_eq!(receiver.told(), names);
    let calls = receiver.calls();
    let told: Vec<_> = calls.iter().filter(|call| call.answered == Some(200)).collect();
    for pair in told.windows(2) {
        assert!(pair[1].at - pair[0].at >= Duration::from_millis(30), "one request in flight");
    }
}

async fn who_does_not_answer_holds_up_nobody_else(engine: Engine) {
    let slow = |config: &mut koppeltaal::config::Config| {
        config.kt2.hook_timeout = Duration::from_secs(30);
    };
    let world = plan(engine).config(slow).start().await;
    let writer = Writer::of(&world, "own").await;
    let mut hanging = Vec::new();
    for _ in 0..5 {
        let receiver = Receiver::start().await;
        receiver.always(Manner::Hang);
        subscribe(&writer.client, "Task?status=ready", &receiver).await;
        hanging.push(receiver);
    }
    let receiver = Receiver::start().await;
    subscribe(&writer.client, "Task?status=ready", &receiver).await;
    let began = std::time::Instant::now();
    for number in 0..20 {
        writer.create(&format!("w-{number}"), "ready").await;
    }
    receiver.heard_of("w-19").await;
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!(receiver.told().len(), 20);
    for receiver in hanging {
        assert_eq!(receiver.heard(1).await.len(), 1, "one request in flight");
    }
}

async fn an_answer_that_is_late_is_an_answer(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let writer = Writer::of(&world, "own").await;
    subscribe(&writer.client, "Task?status=ready", &receiver).await;
    receiver.next([Manner::Late(Duration::from_millis(1200))]);
    writer.create("w-1", "ready").await;
    writer.create("w-2", "ready").await;
    receiver.heard_of("w-2").await;
    assert_eq!(receiver.told(), ["w-1", "w-2"]);
    assert_eq!(receiver.calls().len(), 2, "nothing was tried again");
}

async fn what_waits_becomes_one_where_the_setting_says_so(engine: Engine) {
    let coalesce = |config: &mut koppeltaal::config::Config| config.kt2.hook_coalesce = true;
    let world = plan(engine).config(coalesce).start().await;
    let receiver = Receiver::start().await;
    let writer = Writer::of(&world, "own").await;
    subscribe(&writer.client, "Task?status=ready", &receiver).await;
    receiver.always(Manner::Answer(503));
    for number in 0..10 {
        writer.create(&format!("w-{number}"), "ready").await;
    }
    receiver.heard(2).await;
    receiver.always(Manner::Answer(200));
    // The newest of them speaks for all.
    receiver.heard_of("w-9").await;
    writer.create("after", "ready").await;
    receiver.heard_of("after").await;
    let told = receiver.told();
    assert!(told.len() <= 3, "{told:?}");
    assert_eq!(told[told.len() - 2..], ["w-9", "after"]);
}
