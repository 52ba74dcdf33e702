//! Who was told of what, as it stands in the outbox.

use koppeltaal_core::Result;
use koppeltaal_store::directory::{Author, Change, Item, change, load};
use koppeltaal_store::{Store, Tx, args};
use serde_json::Value;

use crate::client::path;
use crate::support::eventually;
use crate::world::World;

/// A notification in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notified {
    /// The id of the Subscription.
    pub subscription: String,
    /// The version that it is about.
    pub version: String,
    /// 0 pending, 1 delivered, 2 dead.
    pub state: i64,
    pub request_id: Option<String>,
    pub trace_id: Option<String>,
    pub requester: Option<String>,
    pub instance: i64,
}

/// All that are there, in their order.
pub async fn notified(store: &Store) -> Vec<Notified> {
    let read = |tx: &mut dyn Tx| -> Result<Vec<Notified>> {
        let rows = tx.query(
            "SELECT s.id, o.identifier, o.state, o.request_id, o.trace_id, o.requester, o.instance
             FROM outbox o JOIN subscription s ON s.domain = o.domain AND s.key = o.lane
             ORDER BY o.id",
            args![],
        )?;
        let one = |mut row: koppeltaal_store::Row| {
            Ok(Notified {
                subscription: row.text(0)?,
                version: row.text(1)?,
                state: row.int(2)?,
                request_id: row.opt_text(3)?,
                trace_id: row.opt_text(4)?,
                requester: row.opt_text(5)?,
                instance: row.int(6)?,
            })
        };
        rows.into_iter().map(one).collect()
    };
    store.read(read).await.unwrap()
}

/// The versions that a Subscription was told of.
pub async fn told(store: &Store, subscription: &Value) -> Vec<String> {
    let id = subscription["id"].as_str().unwrap();
    let all = notified(store).await;
    all.into_iter().filter(|one| one.subscription == id).map(|one| one.version).collect()
}

/// How a version of a resource is named in a notification.
pub fn version(resource: &Value) -> String {
    format!("{}/_history/{}", path(resource), resource["meta"]["versionId"].as_str().unwrap())
}

/// Waits until a Subscription was told of so many versions.
pub async fn told_of(store: &Store, subscription: &Value, count: usize) {
    eventually("a notification is written", || async {
        told(store, subscription).await.len() >= count
    })
    .await;
}

/// Runs a statement in the store, as something that happened elsewhere.
pub async fn sql(store: &Store, statement: &'static str) {
    store.write(move |tx| tx.execute(statement, args![])).await.unwrap();
}

/// Switches an instance off in the directory, as an operator does.
pub async fn switch_off(world: &World, name: &str) {
    let store = world.app.store();
    let directory = store.read(load).await.unwrap();
    let mut instance = directory.instance_by_username(name).unwrap().instance.clone();
    instance.active = Some(false);
    let changes = [Change { item: Item::Instance(instance), summary: "off".to_owned() }];
    let author = Author { agent: "test".to_owned(), recorded: world.app.now(), request_id: None };
    let (ids, based_on) = (world.app.ids().await, directory.version);
    let catalogs = koppeltaal_kt2::Catalogs::default();
    let write = move |tx: &mut dyn Tx| change(tx, &ids, &catalogs, based_on, &changes, &author);
    store.write(write).await.unwrap().unwrap();
}
