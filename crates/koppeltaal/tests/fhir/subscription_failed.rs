//! A subscription whose notifications cannot be delivered (K006-12, K006-13, K006-15;
//! decision on hooks): its resource says so, one notification is kept, and whoever
//! starts it anew gets what was missed.

use koppeltaal_core::Error;
use koppeltaal_store::{DomainTx, subscription as stored};
use serde_json::{Value, json};

use crate::cast::ZORG;
use crate::client::{Client, path};
use crate::notified::{Notified, notified, sql, told, version};
use crate::resources::{patient, subscription};
use crate::support::{Engine, eventually};
use crate::world::World;

on_both_engines!(
    a_failure_is_written_into_the_resource,
    one_notification_is_kept_and_goes_out_with_what_was_missed,
    who_changes_something_else_does_not_hide_a_failure,
    subscriptions_of_an_older_store_are_found_at_the_start,
);

/// What the delivery does after the last try.
async fn fail(world: &World, kept: &Value) {
    let id = kept["id"].as_str().unwrap().to_owned();
    let domain = world.app.domain(ZORG);
    let store = world.app.store();
    store
        .scope(&domain)
        .write(move |tx: &mut DomainTx<'_>| {
            let found = stored::since(tx, 0, i64::MAX)?;
            for one in found {
                let is_it = stored::channel(tx, one.key)?.is_some_and(|channel| channel.id == id);
                if is_it {
                    assert!(stored::fail(tx, one.key, "the endpoint answered 503")?);
                    return Ok(());
                }
            }
            Err(Error::internal("no such subscription"))
        })
        .await
        .unwrap();
    sql(store, "UPDATE outbox SET state = 2 WHERE lane > 0").await;
}

async fn failed(client: &Client, kept: &Value) -> Value {
    let is_failed = async || client.get(&path(kept)).await.expect(200).json()["status"] == "error";
    eventually("the resource says so", is_failed).await;
    client.get(&path(kept)).await.json()
}

async fn of(world: &World, kept: &Value) -> Vec<Notified> {
    let id = kept["id"].as_str().unwrap();
    let all = notified(world.app.store()).await;
    all.into_iter().filter(|one| one.subscription == id).collect()
}

async fn a_failure_is_written_into_the_resource(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let watching = own.create(&subscription("Subscription?status=error")).await;
    let kept = own.create(&subscription("Patient?")).await;
    fail(&world, &kept).await;
    let now = failed(&own, &kept).await;
    assert_eq!(now["error"], "the endpoint answered 503");
    assert_eq!(now["meta"]["versionId"], "2");
    assert_eq!(now["criteria"], kept["criteria"]);
    assert_eq!(now["extension"], kept["extension"], "whose it is stays");
    assert_eq!(own.finds("Subscription?status=error").await, [path(&kept)]);
    assert_eq!(told(world.app.store(), &watching).await, [version(&now)]);
    // Once, and not again.
    own.create(&patient()).await;
    let later = own.get(&path(&kept)).await.json();
    assert_eq!(later, now);
}

async fn one_notification_is_kept_and_goes_out_with_what_was_missed(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&subscription("Patient?")).await;
    fail(&world, &kept).await;
    let mut now = failed(&own, &kept).await;
    let first = own.create(&patient()).await;
    own.create(&patient()).await;
    let all = of(&world, &kept).await;
    assert_eq!(all.len(), 1, "one says it all");
    assert_eq!((all[0].version.clone(), all[0].state), (version(&first), 2));
    now["status"] = "requested".into();
    let again = own.update(&now).await;
    assert_eq!((&again["status"], &again["error"]), (&json!("active"), &Value::Null));
    assert_ne!(of(&world, &kept).await[0].state, 2, "it goes out");
    let third = own.create(&patient()).await;
    assert_eq!(told(world.app.store(), &kept).await, [version(&first), version(&third)]);
}

async fn who_changes_something_else_does_not_hide_a_failure(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    for _ in 0..5 {
        let kept = own.create(&subscription("Patient?")).await;
        fail(&world, &kept).await;
        let mut other = kept.clone();
        other["reason"] = "another".into();
        // Whoever of the two is first: the failure is said.
        let reply = own.try_update(&other).await;
        assert!([200, 412].contains(&reply.status), "{}", reply.text());
        let now = failed(&own, &kept).await;
        assert_eq!(now["error"], "the endpoint answered 503");
    }
}

async fn subscriptions_of_an_older_store_are_found_at_the_start(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&subscription("Patient?")).await;
    sql(world.app.store(), "DELETE FROM subscription").await;
    let second = world.app.second_server().await;
    let client = world.client_at(&second, "own").await;
    let made = client.create(&patient()).await;
    assert_eq!(told(world.app.store(), &kept).await, [version(&made)]);
    second.shutdown().await;
}
