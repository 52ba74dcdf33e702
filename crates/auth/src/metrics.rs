//! What the authorization service counts, per domain and endpoint.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// A domain, an endpoint and the status of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    domain: String,
    endpoint: &'static str,
    status: u32,
}

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfDomain {
    domain: String,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Endpoint {
    endpoint: &'static str,
}

type Latencies = Family<Endpoint, Histogram, fn() -> Histogram>;

/// The counters of the authorization service.
#[derive(Debug)]
pub struct Metrics {
    answered: Family<Answered, Counter>,
    failed_launches: Family<OfDomain, Counter>,
    latency: Latencies,
}

impl Metrics {
    /// Registers the counters.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            answered: Family::default(),
            failed_launches: Family::default(),
            latency: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(0.0005, 2.0, 14))
            }),
        };
        registry.register(
            "authorization_requests",
            "Requests to the authorization service, by the status of the answer",
            metrics.answered.clone(),
        );
        registry.register(
            "launches_failed",
            "Launches that failed",
            metrics.failed_launches.clone(),
        );
        registry.register(
            "authorization_request_duration_seconds",
            "Time from the head of the request to the answer",
            metrics.latency.clone(),
        );
        metrics
    }

    pub(crate) fn answered(&self, domain: &str, endpoint: &'static str, status: u16, seconds: f64) {
        let status = u32::from(status);
        let labels = Answered { domain: domain.to_owned(), endpoint, status };
        self.answered.get_or_create(&labels).inc();
        self.latency.get_or_create(&Endpoint { endpoint }).observe(seconds);
    }

    pub(crate) fn launch_failed(&self, domain: &str) {
        self.failed_launches.get_or_create(&OfDomain { domain: domain.to_owned() }).inc();
    }
}
