//! Rows of the trail, and a clock that tests move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use koppeltaal_core::audit::{Action, Entry, EventBody};
use koppeltaal_core::directory::Domain;
use koppeltaal_core::{Clock, Result, Timestamp};
use koppeltaal_store::audit::{self, Sealed, TrailKey, Verdict};
use koppeltaal_store::{DomainTx, Ids, NodeLease, Scope, Store};

/// 2026-11-10T00:00:00Z.
pub const START: Timestamp = Timestamp(1_794_268_800_000_000);
pub const DAY: Duration = Duration::from_secs(86_400);
/// The domain of most tests.
pub const D: i64 = 1;
/// Another one.
pub const E: i64 = 2;

#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

/// A server's view of a store.
#[derive(Clone)]
pub struct World {
    pub store: Store,
    pub ids: Arc<Ids>,
    pub clock: Arc<TestClock>,
    pub key: TrailKey,
    _node: NodeLease,
}

pub async fn world(store: Store) -> World {
    process(store, Arc::new(TestClock(AtomicI64::new(START.0)))).await
}

async fn process(store: Store, clock: Arc<TestClock>) -> World {
    let (ids, node) = Ids::lease(&store, clock.clone()).await.unwrap();
    World { store, ids: Arc::new(ids), clock, key: TrailKey::new([7; 32]), _node: node }
}

impl World {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap();
        self.clock.0.fetch_add(by, Ordering::Relaxed);
    }

    /// Another process on the same store.
    pub async fn process(&self) -> Self {
        process(self.store.clone(), self.clock.clone()).await
    }

    pub fn scope(&self, number: i64) -> Scope {
        self.store.scope(&Domain { number, ..Domain::default() })
    }

    pub async fn append_in(&self, domain: i64, entries: &[Entry]) -> Vec<i64> {
        self.try_append(domain, entries).await.unwrap()
    }

    pub async fn try_append(&self, domain: i64, entries: &[Entry]) -> Result<Vec<i64>> {
        let (ids, entries) = (self.ids.clone(), entries.to_vec());
        self.scope(domain).write(move |tx| audit::append(tx, &ids, &entries)).await
    }

    pub async fn append(&self, entries: &[Entry]) -> Vec<i64> {
        self.append_in(D, entries).await
    }

    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut DomainTx<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.scope(D).read(work).await.unwrap()
    }

    /// Runs statements past the rules of this program, as somebody might.
    pub async fn tamper(&self, sql: &str) -> u64 {
        let sql = sql.to_owned();
        self.store.write(move |tx| tx.execute(&sql, &[])).await.unwrap()
    }

    /// Seals everything that is there, once its time has come.
    pub async fn seal(&self) -> Sealed {
        self.advance(Duration::from_secs(60));
        self.try_seal().await
    }

    pub async fn try_seal(&self) -> Sealed {
        let clock = self.clock.as_ref();
        audit::seal(&self.store, &self.ids, &self.key, clock, Duration::ZERO).await.unwrap()
    }

    pub async fn verify(&self) -> Verdict {
        audit::verify(&self.store, &self.key, D).await.unwrap()
    }

    /// What is wrong with the trail.
    pub async fn wrong(&self) -> String {
        self.verify().await.wrong.expect("something wrong")
    }

    /// Fails unless the whole trail holds.
    pub async fn holds(&self) -> Verdict {
        let verdict = self.verify().await;
        assert_eq!(verdict.wrong, None, "{verdict:?}");
        verdict
    }
}

/// A row that is no AuditEvent.
pub fn plain(now: Timestamp) -> Entry {
    Entry::new(Action::Browse, now, "plain")
}

/// The read of a resource, as KT2 records it.
pub fn read(now: Timestamp, shape: &str, focal: &str) -> Entry {
    Entry {
        instance: Some(7),
        focal: Some(focal.to_owned()),
        version: Some("3".to_owned()),
        request_id: Some(format!("request-of-{focal}")),
        trace_id: Some("trace".to_owned()),
        resource: Some(EventBody {
            shape: shape.into(),
            date: now,
            content: None,
            keys: Vec::new(),
            id: None,
        }),
        ..Entry::new(Action::Read, now, "reader")
    }
}
