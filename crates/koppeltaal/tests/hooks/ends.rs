//! How subscriptions end (K006-13, K006-14; decisions on narrowing): by themselves, by their owner,
//! and with the right to read.

use std::time::Duration;

use koppeltaal_core::directory::Scope;

use crate::cast::right;
use crate::client::path;
use crate::kit::{Writer, change_role, plan, subscribe, until_status};
use crate::receiver::{Manner, Receiver};
use crate::resources::subscription;
use crate::support::{Engine, eventually};
use crate::world::World;

on_both_engines!(
    off_is_off_until_it_is_on_again,
    a_subscription_whose_end_has_passed_is_off,
    a_right_that_is_withdrawn_counts_at_the_next_attempt,
    what_waits_when_it_is_switched_off_is_not_sent,
    nothing_more_is_sent_in_a_lane_that_is_switched_off_or_led_elsewhere,
    one_that_is_no_longer_valid_can_be_switched_off,
);

async fn off_is_off_until_it_is_on_again(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let writer = Writer::of(&world, "own").await;
    let kept = subscribe(&writer.client, "Task?status=ready", &receiver).await;
    writer.create("on", "ready").await;
    receiver.heard_of("on").await;
    let off = writer.becomes("switch-off", &kept, "off").await;
    assert_eq!(off["status"], "off");
    writer.create("off", "ready").await;
    let on = writer.becomes("switch-on", &off, "requested").await;
    assert_eq!(on["status"], "active");
    writer.create("on-again", "ready").await;
    receiver.heard_of("on-again").await;
    assert_eq!(receiver.told(), ["on", "on-again"]);
}

async fn a_subscription_whose_end_has_passed_is_off(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let writer = Writer::of(&world, "own").await;
    let mut new = subscription("Task?status=ready");
    new["channel"]["endpoint"] = receiver.url().into();
    new["end"] = world.app.now().plus(Duration::from_secs(3600)).to_string().into();
    let kept = writer.client.create(&new).await;
    writer.create("before", "ready").await;
    receiver.heard_of("before").await;
    world.app.advance(Duration::from_secs(3601));
    let writer = Writer { client: world.client("own").await, ..writer };
    writer.create("after", "ready").await;
    let off = until_status(&writer.client, &kept, "off").await;
    assert_eq!(off["end"], kept["end"]);
    // Another is told of what comes next; this one is not.
    let other = Receiver::start().await;
    subscribe(&writer.client, "Task?status=ready", &other).await;
    writer.create("later", "ready").await;
    other.heard_of("later").await;
    assert_eq!(receiver.told(), ["before"]);
}

async fn a_right_that_is_withdrawn_counts_at_the_next_attempt(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let (writer, own) = (Writer::of(&world, "admin").await, world.client("own").await);
    let owned = Writer::of(&world, "own").await;
    subscribe(&own, "Task?status=ready", &receiver).await;
    receiver.always(Manner::Answer(503));
    owned.create("before", "ready").await;
    receiver.heard(1).await;
    withdraw(&world).await;
    receiver.always(Manner::Answer(200));
    let quiet = receiver.calls().len();
    // It would have been tried again long before this comes.
    world.app.advance(Duration::from_secs(60));
    let other = Receiver::start().await;
    other.next([Manner::Answer(503), Manner::Answer(503), Manner::Answer(503)]);
    subscribe(&writer.client, "Task?status=ready", &other).await;
    let task = Writer { client: world.client("admin").await, ..writer };
    task.create("after", "ready").await;
    other.heard_of("after").await;
    let calls = receiver.calls();
    // One may have been on its way.
    assert!(calls.len() <= quiet + 1 && receiver.told().is_empty(), "{calls:#?}");
}

/// The role of `own` loses its right to read Tasks.
async fn withdraw(world: &World) {
    change_role(world, "eigen", |role| {
        role.permissions = vec![
            right("Subscription", "CRUD", Scope::Own, &[]),
            right("Patient", "CRUD", Scope::Own, &[]),
        ];
    })
    .await;
    eventually("the right is gone", async || {
        world.forget_tokens().await;
        world.client("own").await.get("Task").await.status == 403
    })
    .await;
}

async fn what_waits_when_it_is_switched_off_is_not_sent(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let writer = Writer::of(&world, "own").await;
    let kept = subscribe(&writer.client, "Task?status=ready", &receiver).await;
    receiver.always(Manner::Answer(503));
    for name in ["w-1", "w-2", "w-3"] {
        writer.create(name, "ready").await;
    }
    receiver.heard(2).await;
    writer.becomes("switch-off", &kept, "off").await;
    receiver.always(Manner::Answer(200));
    let other = Receiver::start().await;
    subscribe(&writer.client, "Task?status=ready", &other).await;
    other.next([Manner::Answer(503), Manner::Answer(503), Manner::Answer(503)]);
    writer.create("last", "ready").await;
    other.heard_of("last").await;
    assert!(receiver.told().is_empty(), "{:?}", receiver.told());
}

/// Waits until nothing is left to be sent.
async fn until_nothing_waits(world: &World) {
    let waiting = "SELECT count(*) FROM outbox WHERE state = 0";
    eventually("nothing waits", async || world.app.number(waiting).await == 0).await;
}

async fn nothing_more_is_sent_in_a_lane_that_is_switched_off_or_led_elsewhere(engine: Engine) {
    let world = plan(engine).start().await;
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let writer = Writer::of(&world, "own").await;
    let kept = subscribe(&writer.client, "Task?status=ready", &receiver).await;
    receiver.always(Manner::Late(Duration::from_millis(200)));
    for number in 0..20 {
        writer.create(&format!("w-{number}"), "ready").await;
    }
    receiver.heard(2).await;
    let mut moved = kept.clone();
    moved["channel"]["endpoint"] = elsewhere.url().into();
    elsewhere.always(Manner::Late(Duration::from_millis(200)));
    let moved = writer.put("move", &moved).await;
    let heard = receiver.calls().len();
    elsewhere.heard(2).await;
    // The request in flight, and the one that its record overtook.
    assert!(receiver.calls().len() <= heard + 2, "{} of {heard}", receiver.calls().len());
    writer.becomes("off", &moved, "off").await;
    let heard = elsewhere.calls().len();
    until_nothing_waits(&world).await;
    assert!(elsewhere.calls().len() <= heard + 2, "{} of {heard}", elsewhere.calls().len());
    assert!(receiver.calls().len() + elsewhere.calls().len() < 20);
}

async fn one_that_is_no_longer_valid_can_be_switched_off(engine: Engine) {
    let world = plan(engine).start().await;
    let receiver = Receiver::start().await;
    let writer = Writer::of(&world, "own").await;
    let kept = subscribe(&writer.client, "Task?status=ready", &receiver).await;
    withdraw(&world).await;
    let tag = [("if-match", "W/\"1\"")];
    let mut other = kept.clone();
    other["reason"] = "another".into();
    writer.client.put_with(&path(&kept), &tag, &other).await.refused(403, "forbidden");
    let off = writer.becomes("off", &kept, "off").await;
    assert_eq!(off["status"], "off");
}
