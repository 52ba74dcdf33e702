//! What the tests of subscriptions have in common: a server that tries again soon, subscriptions to
//! a receiver, and writes whose request ids tell which is which.

use std::time::Duration;

use koppeltaal::config::Config;
use koppeltaal_core::directory::Role;
use koppeltaal_store::directory::{Author, Change, Item, change, load};
use serde_json::{Value, json};

use crate::cast::{ELDERS, ZORG};
use crate::client::{Client, path};
use crate::receiver::Receiver;
use crate::resources::{Ground, subscription, task};
use crate::support::Engine;
use crate::world::{Plan, World};

/// A server in whose domains a subscriber may be at home, and which tries again soon.
pub fn plan(engine: Engine) -> Plan {
    World::build(engine)
        .setup(|setup| {
            for domain in [ZORG, ELDERS] {
                setup.domain(domain).allow_http_loopback = true;
            }
        })
        .config(|config| hasty(config, Duration::from_secs(600)))
}

/// Tries again soon, and gives up after so long.
pub fn hasty(config: &mut Config, give_up_after: Duration) {
    config.kt2.hook_first_retry = Duration::from_millis(100);
    config.kt2.hook_max_interval = Duration::from_secs(1);
    config.kt2.hook_timeout = Duration::from_secs(2);
    config.kt2.hook_give_up_after = give_up_after;
}

/// A client subscribes; what is kept.
pub async fn subscribe(client: &Client, criteria: &str, receiver: &Receiver) -> Value {
    subscribe_with(client, criteria, receiver, &[]).await
}

/// The same with header lines.
pub async fn subscribe_with(
    client: &Client,
    criteria: &str,
    receiver: &Receiver,
    lines: &[&str],
) -> Value {
    let mut new = subscription(criteria);
    new["channel"]["endpoint"] = receiver.url().into();
    if !lines.is_empty() {
        new["channel"]["header"] = json!(lines);
    }
    let kept = client.create(&new).await;
    assert_eq!(kept["status"], "active");
    kept
}

/// A client that writes Tasks: each request has the id that the test gives it.
pub struct Writer {
    pub client: Client,
    pub ground: Ground,
}

impl Writer {
    pub async fn of(world: &World, name: &str) -> Self {
        Self { client: world.client(name).await, ground: Ground::of(world, name).await }
    }

    /// A Task of the writer with this status.
    pub fn task(&self, status: &str) -> Value {
        let mut task = task(&self.ground.patient, &self.ground.practitioner);
        task["status"] = status.into();
        task
    }

    /// Creates a Task with this status; what is kept.
    pub async fn create(&self, request: &str, status: &str) -> Value {
        self.post(request, &self.task(status)).await
    }

    /// Creates a resource; what is kept.
    pub async fn post(&self, request: &str, resource: &Value) -> Value {
        let kind = resource["resourceType"].as_str().unwrap();
        let ids = [("x-request-id", request)];
        self.client.post_with(kind, &ids, resource).await.expect(201).json()
    }

    /// Updates what is at hand; what is kept.
    pub async fn put(&self, request: &str, resource: &Value) -> Value {
        let tag = format!("W/{}", resource["meta"]["versionId"]);
        let headers = [("x-request-id", request), ("if-match", tag.as_str())];
        self.client.put_with(&path(resource), &headers, resource).await.expect(200).json()
    }

    /// Gives what is at hand another status.
    pub async fn becomes(&self, request: &str, task: &Value, status: &str) -> Value {
        let mut task = task.clone();
        task["status"] = status.into();
        self.put(request, &task).await
    }
}

/// Waits until a resource has a status, as its owner sees it.
pub async fn until_status(client: &Client, resource: &Value, status: &str) -> Value {
    let place = path(resource);
    let now = async || client.get(&place).await.expect(200).json();
    crate::support::eventually(&format!("{place} is {status}"), async || {
        now().await["status"] == status
    })
    .await;
    now().await
}

/// The present as a parameter of a search takes it.
pub fn present(world: &World) -> String {
    world.app.now().to_string()
}

/// An operator changes a role of `zorg`.
pub async fn change_role(world: &World, name: &str, to: impl FnOnce(&mut Role)) {
    let store = world.app.store();
    let directory = store.read(load).await.unwrap();
    let is = |role: &&Role| role.domain == ZORG && role.name == name;
    let mut role = directory.roles().iter().find(is).unwrap().clone();
    to(&mut role);
    let changes = [Change { item: Item::Role(role), summary: "changed".to_owned() }];
    let author = Author { agent: "test".to_owned(), recorded: world.app.now(), request_id: None };
    let (ids, based_on) = (world.app.ids().await, directory.version);
    let catalogs = koppeltaal_kt2::Catalogs::default();
    let write = move |tx: &mut dyn koppeltaal_store::Tx| {
        change(tx, &ids, &catalogs, based_on, &changes, &author)
    };
    store.write(write).await.unwrap().unwrap();
}
