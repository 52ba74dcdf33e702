//! A store, a directory and a clock to move, with a delivery on top.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use koppeltaal_core::directory::{
    Application, Directory, Domain, Instance, Permission, Phase, Role, Secret, Webhook,
};
use koppeltaal_core::notification::State;
use koppeltaal_core::{Clock, Timestamp};
use koppeltaal_delivery::{Delivery, Deps, Settings};
use koppeltaal_store::outbox::{self, Announcement, Filter, Notification};
use koppeltaal_store::{Ids, Scope, Store};
use tokio::sync::watch;

/// The domain whose endpoints may be on loopback.
pub const TEST: i64 = 1;
/// A domain in production.
pub const PRODUCTION: i64 = 2;

/// Longer than anything here takes; only a failing test waits so long.
const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Moved(AtomicI64);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

pub struct World {
    pub store: Store,
    clock: Arc<Moved>,
    directory: watch::Sender<Arc<Directory>>,
    instances: BTreeMap<i64, Instance>,
    roles: Vec<Role>,
    next: AtomicI64,
}

/// Settings of a test: no time passes by itself, so looks are cheap and often.
pub fn settings() -> Settings {
    Settings { poll: Duration::from_millis(20), ..Settings::default() }
}

impl World {
    pub fn new(store: &Store) -> Self {
        // 2024-06-01T00:00:00Z.
        let start = Timestamp(1_717_200_000_000_000);
        Self {
            store: store.clone(),
            clock: Arc::new(Moved(AtomicI64::new(start.0))),
            directory: watch::Sender::default(),
            instances: BTreeMap::new(),
            roles: Vec::new(),
            next: AtomicI64::new(koppeltaal_core::id::first_key_at(start)),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn advance(&self, by: Duration) {
        self.clock.0.fetch_add(by.as_micros() as i64, Ordering::SeqCst);
    }

    /// Provisions an instance with this webhook.
    pub fn connect(&mut self, domain: i64, number: i64, url: &str) {
        self.change(domain, number, |instance| {
            instance.webhook = Some(Webhook { url: url.to_owned(), headers: BTreeMap::new() });
        });
    }

    pub fn change(&mut self, domain: i64, number: i64, change: impl FnOnce(&mut Instance)) {
        let instance = self.instances.entry(number).or_insert_with(|| Instance {
            number,
            domain: if domain == TEST { "test" } else { "production" }.to_owned(),
            application: "app".to_owned(),
            client_id: format!("client-{number}"),
            ..Instance::default()
        });
        change(instance);
        self.publish();
    }

    /// Makes this the directory of the moment.
    pub fn publish(&self) {
        let domain = |number, name: &str, phase, allow_http_loopback| Domain {
            number,
            name: name.to_owned(),
            phase,
            allow_http_loopback,
            ..Domain::default()
        };
        let domains = vec![
            domain(TEST, "test", Phase::Test, true),
            domain(PRODUCTION, "production", Phase::Production, false),
        ];
        let application = Application { number: 1, id: "app".to_owned(), ..Default::default() };
        let instances = self.instances.values().cloned().collect();
        let directory =
            Directory::new(1, domains, vec![application], self.roles.clone(), vec![], instances);
        self.directory.send_replace(Arc::new(directory));
    }

    /// Gives the role with this name these permissions, in the domain TEST.
    pub fn grant(&mut self, name: &str, permissions: Vec<Permission>) {
        self.roles.retain(|role| role.name != name);
        let (name, domain) = (name.to_owned(), "test".to_owned());
        self.roles.push(Role { name, domain, permissions, ..Role::default() });
        self.publish();
    }

    /// Lets the role be the same in another domain.
    pub fn grant_in(&mut self, domain: &str, name: &str) {
        let role = self.roles.iter().find(|role| role.name == name).cloned().unwrap();
        self.roles.push(Role { domain: domain.to_owned(), ..role });
        self.publish();
    }

    /// A key that was never given before.
    pub fn keys(&self, count: i64) -> i64 {
        self.next.fetch_add(count, Ordering::SeqCst)
    }

    pub fn deps(&self) -> Deps {
        Deps {
            store: self.store.clone(),
            directory: self.directory.subscribe(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            ids: Arc::new(Ids::of_node(9)),
            open: Arc::new(|Secret(sealed)| {
                sealed
                    .strip_prefix("sealed:")
                    .map(str::to_owned)
                    .ok_or_else(|| koppeltaal_core::Error::Internal("another key".to_owned()))
            }),
            jitter: Arc::new(|| 0.5),
        }
    }

    pub fn start(&self) -> Delivery {
        self.start_with(settings())
    }

    pub fn start_with(&self, settings: Settings) -> Delivery {
        Delivery::start(self.deps(), settings).unwrap()
    }

    pub fn scope(&self, domain: i64) -> Scope {
        self.store.scope(&Domain { number: domain, ..Domain::default() })
    }

    /// Announces to an instance and answers with the keys.
    pub async fn announce(&self, domain: i64, instance: i64, count: i64) -> Vec<i64> {
        let first = self.next.fetch_add(count, Ordering::SeqCst);
        let all: Vec<Announcement> = (first..first + count)
            .map(|id| Announcement { id, instance, item: id, identifier: format!("m-{id}") })
            .collect();
        let now = self.now();
        self.scope(domain).write(move |tx| outbox::announce(tx, &all, now)).await.unwrap();
        (first..first + count).collect()
    }

    pub async fn show(&self, domain: i64, id: i64) -> Notification {
        self.scope(domain).read(move |tx| outbox::show(tx, id)).await.unwrap().unwrap()
    }

    pub async fn in_state(&self, domain: i64, instance: i64, state: State) -> usize {
        let filter = Filter { state: Some(state), instance: Some(instance), after: None };
        self.scope(domain).read(move |tx| outbox::list(tx, &filter, 9999)).await.unwrap().len()
    }

    /// Waits until so many notifications of the instance are in this state.
    pub async fn until(&self, domain: i64, instance: i64, state: State, count: usize) {
        eventually(async || self.in_state(domain, instance, state).await == count).await;
    }

    /// Waits until the notification has been tried so often.
    pub async fn until_tried(&self, domain: i64, id: i64, attempts: usize) -> Notification {
        eventually(async || self.show(domain, id).await.attempts.len() == attempts).await;
        self.show(domain, id).await
    }
}

/// Polls until something holds.
pub async fn eventually(mut holds: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + DEADLINE;
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "it never came to pass");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
