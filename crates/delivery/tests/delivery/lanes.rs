//! Subscriptions and their rest-hooks, straight in the store.

use std::time::Duration;

use koppeltaal_core::Timestamp;
use koppeltaal_core::directory::{Permission, Scope};
use koppeltaal_core::notification::State;
use koppeltaal_store::{Arg, args};

use crate::hook::Hook;
use crate::world::{TEST, World, eventually};

/// The instance that subscribes, unless a test says otherwise.
pub const SUBSCRIBER: i64 = 70;
/// The Device whose resource the notifications are about.
pub const OWNER: &str = "owner-device";

pub fn reading(scope: Scope, granted: &[&str]) -> Vec<Permission> {
    vec![Permission {
        resource: "Task".to_owned(),
        operations: "R".to_owned(),
        scope,
        granted: granted.iter().map(|id| (*id).to_owned()).collect(),
    }]
}

impl World {
    /// An instance that may read every Task, and a Task.
    pub async fn subscriber(&mut self) {
        self.grant("reader", reading(Scope::All, &[]));
        self.change(TEST, SUBSCRIBER, |instance| {
            instance.client_id = "d".to_owned();
            instance.role = Some("reader".to_owned());
        });
        self.sql(
            "INSERT INTO resource (domain, key, type, id, version, updated, deleted, origin, body)
             VALUES ($1, 1, $2, 't', 1, 0, 0, $3, '{}')",
            vec![TEST.into(), task(), OWNER.into()],
        )
        .await;
    }

    /// A subscription with this key.
    pub async fn subscribe(&self, key: i64, url: &str) {
        self.subscribe_as(key, url, &[]).await;
    }

    pub async fn subscribe_as(&self, key: i64, url: &str, headers: &[&str]) {
        let headers = serde_json::to_string(headers).unwrap();
        self.sql(
            "INSERT INTO subscription (domain, key, id, version, origin, instance, state, told,
               reviving, changed, on_delete, criteria, endpoint, headers)
             VALUES ($1, $2, $3, 1, 'd', $4, 1, 1, 0, 0, 0, 'Task', $5, $6)",
            vec![
                TEST.into(),
                key.into(),
                format!("sub-{key}").into(),
                SUBSCRIBER.into(),
                url.into(),
                headers.into(),
            ],
        )
        .await;
    }

    /// Changes the row of a subscription.
    pub async fn set(&self, key: i64, what: &str) {
        let sql = format!("UPDATE subscription SET {what} WHERE domain = $1 AND key = $2");
        self.sql(&sql, vec![TEST.into(), key.into()]).await;
    }

    /// Notifications of a subscription, one after the other; answers with their keys.
    pub async fn ping(&self, lane: i64, count: i64) -> Vec<i64> {
        let first = self.keys(count);
        let now = self.now();
        self.store
            .write(move |tx| {
                for id in first..first + count {
                    tx.later(
                        "INSERT INTO outbox (domain, id, generation, instance, item, identifier,
                           state, failed, attempts, rounds, next_attempt, due, created, lane,
                           request_id, trace_id, requester)
                         VALUES ($1, $2, 2, $3, $2, 'Task/t/_history/1', 0, 0, 0, 0, $4, $4, $4,
                           $5, $6, 'trace', 'requester-device')",
                        args![TEST, id, SUBSCRIBER, now, lane, format!("r-{id}").as_str()],
                    )?;
                }
                Ok(())
            })
            .await
            .unwrap();
        (first..first + count).collect()
    }

    pub async fn sql(&self, sql: &str, values: Vec<koppeltaal_store::Value>) -> u64 {
        let sql = sql.to_owned();
        self.store
            .write(move |tx| {
                let args: Vec<Arg<'_>> = values.iter().map(Into::into).collect();
                tx.execute(&sql, &args)
            })
            .await
            .unwrap()
    }

    /// How many notifications of a lane are in this state.
    pub async fn lane(&self, lane: i64, state: State) -> usize {
        let sql = "SELECT count(*) FROM outbox WHERE domain = $1 AND lane = $2 AND state = $3";
        let count = self
            .store
            .read(move |tx| {
                tx.query_one(sql, args![TEST, lane, state.number()])?.unwrap_or_default().int(0)
            })
            .await
            .unwrap();
        usize::try_from(count).unwrap()
    }

    pub async fn until_lane(&self, lane: i64, state: State, count: usize) {
        eventually(async || self.lane(lane, state).await == count).await;
    }

    /// State, error and whether it was told, of a subscription.
    pub async fn subscription(&self, key: i64) -> (i64, Option<String>, i64) {
        let sql = "SELECT state, failure, told FROM subscription WHERE domain = $1 AND key = $2";
        self.store
            .read(move |tx| {
                let mut row = tx.query_one(sql, args![TEST, key])?.unwrap_or_default();
                Ok((row.int(0)?, row.opt_text(1)?, row.int(2)?))
            })
            .await
            .unwrap()
    }

    /// When the first of a lane is tried next.
    pub async fn head_due(&self, lane: i64) -> Option<Timestamp> {
        let sql = "SELECT due FROM outbox WHERE domain = $1 AND lane = $2 AND state = 0
                   ORDER BY id LIMIT 1";
        self.store
            .read(move |tx| {
                tx.query_one(sql, args![TEST, lane])?
                    .map(|row| row.int(0).map(Timestamp))
                    .transpose()
            })
            .await
            .unwrap()
    }

    /// Lets time pass until the first of a lane is due.
    pub async fn advance_to_head(&self, lane: i64) {
        if let Some(due) = self.head_due(lane).await {
            self.advance(due.since(self.now()));
        }
    }

    /// Waits until so many attempts of this notification are recorded.
    pub async fn tried(&self, id: i64, attempts: usize) {
        self.until_tried(TEST, id, attempts).await;
    }
}

fn task() -> koppeltaal_store::Value {
    koppeltaal_core::resource_type::number("Task").unwrap().into()
}

/// The notifications that arrived, in order: the keys in their X-Correlation-Id.
pub fn arrived(hook: &Hook) -> Vec<i64> {
    let key = |id: &str| id.strip_prefix("r-").unwrap().parse().unwrap();
    hook.received()
        .iter()
        .map(|received| key(received.header("x-correlation-id").unwrap()))
        .collect()
}

pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
