//! What every verb of KT1 works with.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_auth::{RequestLimit, SealKey, Verifier};
use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_core::event::Event;
use koppeltaal_core::retention::{Limits, Rule};
use koppeltaal_core::{Clock, Timestamp};
use koppeltaal_delivery::Waker;
use koppeltaal_outbound::Clients;
use koppeltaal_store::{AuditLog, Ids, Store};
use tokio::sync::watch;

use crate::hub::{Hub, HubSettings};
use crate::links::Links;
use crate::metrics::Metrics;
use crate::request_log::RequestLog;
use crate::sso::{self, SsoSettings};

/// What an operator sets for KT1.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The URL under which clients reach this server, without a final slash.
    pub public_url: String,
    /// The name of the environment.
    pub server_name: String,
    /// The largest body that is read, in bytes.
    pub body_limit: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How long a claim lasts where its domain says nothing.
    pub claim_timeout: Duration,
    /// When bodies are removed.
    pub retention: Limits,
    /// How long what single sign-on gives out can be used.
    pub sso: SsoSettings,
    /// Live notifications.
    pub hub: HubSettings,
    /// How long the storage provider of a domain may take to answer.
    pub storage_timeout: Duration,
}

/// What the program hands to [`App::new`].
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The keys of this process.
    pub ids: Arc<Ids>,
    /// The directory, always the newest this process knows.
    pub directory: watch::Receiver<Arc<Directory>>,
    /// Who checks passwords.
    pub verifier: Arc<Verifier>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where audit rows of reads and refusals are collected.
    pub audit_log: AuditLog,
    /// Where requests are kept for support.
    pub request_log: RequestLog,
    /// Told that a notification waits.
    pub waker: Waker,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// How many requests an instance may send.
    pub limit: Arc<RequestLimit>,
    /// Seals and opens what the store must not show.
    pub seal: Arc<SealKey>,
    /// How storage providers are called.
    pub outbound: Arc<Clients>,
    /// Settings.
    pub settings: Settings,
}

/// The KT1 face: shared by every request.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What is behind an [`App`].
pub struct Inner {
    pub(crate) parts: Parts,
    pub(crate) links: Links,
    pub(crate) counts: crate::browse::Counts,
    pub(crate) sso: sso::State,
    pub(crate) hub: Hub,
    pub(crate) storage_calls: crate::storage_item::Calls,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Puts the face together.
    pub fn new(parts: Parts) -> Self {
        let links = Links::new(&parts.settings.public_url);
        let sso = sso::State::new(&parts.seal);
        let hub = Hub::new(parts.settings.hub, parts.metrics.hub_connections());
        Self(Arc::new(Inner {
            parts,
            links,
            counts: Default::default(),
            sso,
            hub,
            storage_calls: Default::default(),
        }))
    }
}

impl Inner {
    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The directory as this process knows it now.
    pub fn directory(&self) -> Arc<Directory> {
        self.parts.directory.borrow().clone()
    }

    /// The counters.
    pub fn metrics(&self) -> &Metrics {
        &self.parts.metrics
    }

    /// When a claim that begins now ends by itself.
    pub(crate) fn claim_until(&self, domain: &Domain, now: Timestamp) -> Timestamp {
        now.plus(domain.claim_timeout.unwrap_or(self.parts.settings.claim_timeout))
    }

    /// The retention of each event in a domain.
    pub(crate) fn retention_rules(&self, directory: &Directory, domain: &Domain) -> Rules {
        Rules::of(directory, domain, self.parts.settings.retention)
    }
}

/// The retention of every event in one domain.
#[derive(Debug, Clone)]
pub(crate) struct Rules(Vec<(Event, Rule)>);

impl Rules {
    pub(crate) fn of(directory: &Directory, domain: &Domain, limits: Limits) -> Self {
        let rule = |event: &Event| (*event, Rule::of(directory, domain, *event, limits));
        Self(Event::ALL.iter().map(rule).collect())
    }

    pub(crate) fn rule(&self, event: Event) -> Rule {
        let strictest = Rule { required: true, retain_on_success: true, max_age: Duration::MAX };
        self.0.iter().find(|(known, _)| *known == event).map_or(strictest, |(_, rule)| *rule)
    }
}
