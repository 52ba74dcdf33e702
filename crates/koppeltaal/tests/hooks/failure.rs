//! After the last try (K006-12, K006-15; decisions on delivery): the subscription says so, what was
//! missed is kept, and comes in order once the subscriber is back.

use std::time::Duration;

use serde_json::Value;

use crate::client::path;
use crate::kit::{Writer, hasty, plan, subscribe, until_status};
use crate::receiver::{Manner, Receiver};
use crate::support::Engine;

on_both_engines!(
    after_the_last_try_the_subscription_says_so_and_what_was_missed_comes_when_it_is_active_again,
    a_failed_subscription_that_is_deleted_is_told_nothing_more,
);

async fn after_the_last_try_the_subscription_says_so_and_what_was_missed_comes_when_it_is_active_again(
    engine: Engine,
) {
    let soon = |config: &mut koppeltaal::config::Config| hasty(config, Duration::from_secs(2));
    let world = plan(engine).config(soon).start().await;
    let receiver = Receiver::start().await;
    let writer = Writer::of(&world, "own").await;
    let kept = subscribe(&writer.client, "Task?status=ready", &receiver).await;
    receiver.always(Manner::Answer(503));
    for name in ["missed-1", "missed-2", "missed-3"] {
        writer.create(name, "ready").await;
    }
    let failed = until_status(&writer.client, &kept, "error").await;
    assert!(failed["error"].as_str().is_some_and(|told| told.contains("503")), "{failed}");
    assert_eq!(failed["meta"]["versionId"], "2");
    let mut expected = kept.clone();
    for name in ["status", "error", "meta"] {
        expected[name] = failed[name].clone();
    }
    assert_eq!(failed, expected, "nothing else of it has changed");

    // While it is so nothing is sent; one notification is kept for all that match.
    let quiet = receiver.calls().len();
    for name in ["during-1", "during-2", "during-3"] {
        writer.create(name, "ready").await;
    }
    receiver.always(Manner::Answer(200));
    world.app.advance(Duration::from_secs(3 * 3600));
    let writer = Writer { client: world.client("own").await, ..writer };
    writer.create("during-4", "ready").await;
    // Another subscription is served meanwhile, so the server has had its chance.
    let other = Receiver::start().await;
    subscribe(&writer.client, "Task?status=ready", &other).await;
    writer.create("during-5", "ready").await;
    other.heard_of("during-5").await;
    assert_eq!(receiver.calls().len(), quiet, "{:#?}", receiver.calls());

    let mut again = failed.clone();
    again["status"] = "requested".into();
    let active = writer.put("again", &again).await;
    assert_eq!((&active["status"], active.get("error")), (&Value::from("active"), None));
    writer.create("after", "ready").await;
    receiver.heard_of("after").await;
    let told = receiver.told();
    let (missed, rest) = told.split_at(3);
    assert_eq!(missed, ["missed-1", "missed-2", "missed-3"]);
    assert_eq!(rest.len(), 2, "{told:?}");
    assert!(rest[0].starts_with("during-"), "{told:?}");
    assert_eq!(rest[1], "after");
}

async fn a_failed_subscription_that_is_deleted_is_told_nothing_more(engine: Engine) {
    let soon = |config: &mut koppeltaal::config::Config| hasty(config, Duration::from_secs(1));
    let world = plan(engine).config(soon).start().await;
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    let writer = Writer::of(&world, "own").await;
    let kept = subscribe(&writer.client, "Task?status=ready", &receiver).await;
    receiver.always(Manner::Reset);
    writer.create("missed", "ready").await;
    until_status(&writer.client, &kept, "error").await;
    receiver.always(Manner::Answer(200));
    let quiet = receiver.calls().len();
    writer.client.delete(&path(&kept)).await.expect(200);
    subscribe(&writer.client, "Task?status=ready", &other).await;
    writer.create("after", "ready").await;
    other.heard_of("after").await;
    assert_eq!(receiver.calls().len(), quiet);
}
