//! What the mailbox counts, per domain and event.

use koppeltaal_core::event::Event;
use koppeltaal_core::status::Status;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// A domain and an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DomainEvent {
    domain: String,
    event: &'static str,
}

/// A domain, an event and why a message was refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Rejection {
    domain: String,
    event: &'static str,
    reason: &'static str,
}

/// A verb of KT1.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Verb {
    verb: &'static str,
}

type Latencies = Family<Verb, Histogram, fn() -> Histogram>;

/// The counters of the KT1 face.
#[derive(Debug)]
pub struct Metrics {
    accepted: Family<DomainEvent, Counter>,
    routed: Family<DomainEvent, Counter>,
    rejected: Family<Rejection, Counter>,
    claimed: Family<DomainEvent, Counter>,
    succeeded: Family<DomainEvent, Counter>,
    failed: Family<DomainEvent, Counter>,
    latency: Latencies,
    hub_connections: Gauge,
    hub_told: Counter,
}

impl Metrics {
    /// Registers the counters.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            accepted: Family::default(),
            routed: Family::default(),
            rejected: Family::default(),
            claimed: Family::default(),
            succeeded: Family::default(),
            failed: Family::default(),
            latency: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(0.0005, 2.0, 14))
            }),
            hub_connections: Gauge::default(),
            hub_told: Counter::default(),
        };
        for (name, help, family) in [
            ("messages_accepted", "Messages accepted", &metrics.accepted),
            ("messages_routed", "Copies handed to recipients", &metrics.routed),
            ("messages_claimed", "Copies claimed", &metrics.claimed),
            ("messages_succeeded", "Copies set to Success", &metrics.succeeded),
            ("messages_failed", "Copies set to Failed", &metrics.failed),
        ] {
            registry.register(name, help, family.clone());
        }
        registry.register(
            "messages_rejected",
            "Messages refused, by reason",
            metrics.rejected.clone(),
        );
        registry.register(
            "kt1_request_duration_seconds",
            "Time from the whole request to the answer",
            metrics.latency.clone(),
        );
        registry.register(
            "hub_connections",
            "Open SignalR connections; a poll counts while it is held",
            metrics.hub_connections.clone(),
        );
        registry.register(
            "hub_notifications",
            "NewMessage told to SignalR connections",
            metrics.hub_told.clone(),
        );
        metrics
    }

    pub(crate) fn accepted(&self, domain: &str, event: Event, recipients: usize) {
        self.accepted.get_or_create(&labels(domain, event)).inc();
        self.routed.get_or_create(&labels(domain, event)).inc_by(recipients as u64);
    }

    pub(crate) fn rejected(&self, domain: &str, event: Option<Event>, reason: &'static str) {
        let event = event.map_or("unknown", Event::code);
        self.rejected.get_or_create(&Rejection { domain: domain.to_owned(), event, reason }).inc();
    }

    pub(crate) fn claimed(&self, domain: &str, event: Event) {
        self.claimed.get_or_create(&labels(domain, event)).inc();
    }

    pub(crate) fn status(&self, domain: &str, event: Event, status: Status) {
        match status {
            Status::Success => &self.succeeded,
            Status::Failed => &self.failed,
            _ => return,
        }
        .get_or_create(&labels(domain, event))
        .inc();
    }

    pub(crate) fn hub_connections(&self) -> Gauge {
        self.hub_connections.clone()
    }

    pub(crate) fn hub_told(&self) {
        self.hub_told.inc();
    }

    pub(crate) fn took(&self, verb: &'static str, seconds: f64) {
        self.latency.get_or_create(&Verb { verb }).observe(seconds);
    }
}

fn labels(domain: &str, event: Event) -> DomainEvent {
    DomainEvent { domain: domain.to_owned(), event: event.code() }
}
