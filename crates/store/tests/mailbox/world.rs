//! A domain with two recipients, and messages for them.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::Domain;
use koppeltaal_core::event::Event;
use koppeltaal_core::retention::{Limits, Rule};
use koppeltaal_core::status::Status;
use koppeltaal_core::versioning::Rules;
use koppeltaal_core::{Result, Timestamp};
use koppeltaal_store::mailbox::{
    self, Accepted, Browse, Claim, Claimed, Incoming, Item, Page, Part, Put, PutRequest, Recipient,
    Resource, Template,
};
use koppeltaal_store::{DomainTx, Ids, Scope, Store, Value, args};

/// 2024-06-01T00:00:00Z.
pub const START: Timestamp = Timestamp(1_717_200_000_000_000);
/// The domain of most tests.
pub const D: i64 = 1;
/// Another one.
pub const E: i64 = 2;
/// The sender.
pub const A: i64 = 10;
/// The recipients.
pub const B: i64 = 11;
pub const C: i64 = 12;

pub const NO_GRACE: Limits =
    Limits { grace: Duration::ZERO, max: Duration::from_secs(56 * 86_400) };
pub const PLAIN: Rule = Rule { required: false, retain_on_success: false, max_age: NO_GRACE.max };

pub fn at(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

/// A store with the keys of one process.
#[derive(Clone)]
pub struct World {
    pub store: Store,
    pub ids: Arc<Ids>,
}

pub async fn world(store: Store) -> World {
    let ids = Arc::new(Ids::take(&store).await.unwrap());
    World { store, ids }
}

pub fn resource(url: &str, version: Option<&str>) -> Resource {
    Resource {
        url: url.to_owned(),
        kind: "Patient".to_owned(),
        version: version.map(str::to_owned),
        digest: [7; 32],
        patient: Some("p".to_owned()),
    }
}

/// A message about `focal`, for B and C.
pub fn incoming(focal: &str, version: Option<&str>) -> Incoming {
    Incoming {
        identifier: format!("message about {focal}"),
        event: Event::CreateOrUpdatePatient,
        sender: A,
        patient: Some("p".to_owned()),
        rules: Rules { all_resources: true, check_non_focal: true, adopt_unknown: true },
        resources: vec![resource(focal, version)],
        focal: 0,
        header: Template(vec![Part::Text("header".to_owned()), Part::Version(0)]),
        feed: "feed".to_owned(),
        entries: Template(vec![Part::Text("entries".to_owned()), Part::Version(0)]),
        recipients: [B, C].map(|instance| Recipient { instance, announce: false }).to_vec(),
        validate_only: false,
        audit: Entry::new(Action::Accept, START, "a"),
    }
}

impl World {
    pub fn scope(&self, number: i64) -> Scope {
        self.store.scope(&Domain { number, ..Domain::default() })
    }

    /// Another process on the same store.
    pub async fn process(&self) -> Self {
        world(self.store.clone()).await
    }

    pub async fn write<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut DomainTx<'_>, &Ids) -> Result<T> + Send + 'static,
    ) -> T {
        let ids = self.ids.clone();
        self.scope(D).write(move |tx| work(tx, &ids)).await.unwrap()
    }

    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut DomainTx<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.scope(D).read(work).await.unwrap()
    }

    pub async fn accept(&self, incoming: Incoming) -> Accepted {
        self.accept_in(D, incoming, START).await
    }

    pub async fn accept_in(&self, domain: i64, incoming: Incoming, now: Timestamp) -> Accepted {
        let ids = self.ids.clone();
        let work = move |tx: &mut DomainTx<'_>| mailbox::accept(tx, &ids, now, &incoming);
        self.scope(domain).write(work).await.unwrap()
    }

    /// Accepts a message about `focal` and tells its version.
    pub async fn stored(&self, focal: &str, version: Option<&str>) -> String {
        match self.accept(incoming(focal, version)).await {
            Accepted::Stored { versions, .. } => versions[0].version.clone(),
            other => panic!("{other:?}"),
        }
    }

    pub async fn claim(&self, recipient: i64, now: Timestamp) -> Option<Claimed> {
        self.claim_with(claim(recipient, now), now).await
    }

    pub async fn claim_with(&self, claim: Claim, now: Timestamp) -> Option<Claimed> {
        self.write(move |tx, ids| mailbox::claim(tx, ids, now, &claim)).await
    }

    pub async fn put(&self, item: i64, recipient: i64, status: Status) -> Put {
        self.put_with(item, recipient, status, PLAIN).await
    }

    pub async fn put_with(&self, item: i64, recipient: i64, status: Status, rule: Rule) -> Put {
        let request = PutRequest {
            item,
            recipient: Some(recipient),
            patient: None,
            status,
            exception: Some("why".to_owned()),
            claim_until: at(60),
            audit: Entry::new(Action::Status, START, "b"),
        };
        let grace = Limits { grace: Duration::from_secs(60), ..NO_GRACE };
        let limits = if rule.retain_on_success { grace } else { NO_GRACE };
        self.write(move |tx, ids| mailbox::put(tx, ids, at(1), &request, limits, &|_| rule)).await
    }

    /// The items of a mailbox, oldest first.
    pub async fn items(&self, recipient: i64) -> Vec<Item> {
        let browse = Browse { recipient, include_expired: true, ..Browse::default() };
        let page = Page { count: 1000, offset: 0, after: None };
        self.read(move |tx| mailbox::browse(tx, &browse, page)).await.0
    }

    pub async fn statuses(&self, recipient: i64) -> Vec<Status> {
        self.items(recipient).await.iter().map(|item| item.status).collect()
    }

    pub async fn number(&self, sql: &str) -> i64 {
        let sql = sql.to_owned();
        let rows = self.store.read(move |tx| tx.query(&sql, args![])).await.unwrap();
        match rows.first().map(|row| &row.0[..]) {
            Some([Value::Int(number)]) => *number,
            other => panic!("{other:?}"),
        }
    }
}

pub fn claim(recipient: i64, now: Timestamp) -> Claim {
    Claim {
        recipient,
        event: None,
        patient: None,
        include_expired: false,
        until: now.plus(Duration::from_secs(60)),
        audit: Entry::new(Action::Claim, now, "b"),
    }
}

/// Runs all of these at once and waits for all.
pub async fn at_once<T: Send + 'static>(
    tasks: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}
