//! Counters of the delivery, kept as plain atomics; the faces that expose
//! metrics take a snapshot.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What the delivery has done since it was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Attempts that were answered with a 2xx.
    pub sent: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Notifications that were given up.
    pub dead: u64,
    /// Requests in flight now.
    pub in_flight: u64,
    /// Notifications leased and waiting for a slot now.
    pub held: u64,
    /// Time spent in attempts that were made.
    pub latency_sum: Duration,
    /// Attempts that were made.
    pub latency_count: u64,
    /// Outcomes that could not be written at once.
    pub record_failures: u64,
    /// Rest-hooks that were delivered by one that stood for several.
    pub coalesced: u64,
    /// Rest-hooks that were not sent because the subscriber may not read what they
    /// are about any more.
    pub withdrawn: u64,
    /// Rest-hooks that were sent although that could not be found out.
    pub unchecked: u64,
    /// Endpoints of rest-hooks that are spared now.
    pub strained: u64,
}

/// The counters themselves.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    sent: AtomicU64,
    failed: AtomicU64,
    dead: AtomicU64,
    in_flight: AtomicU64,
    held: AtomicU64,
    latency_micros: AtomicU64,
    latency_count: AtomicU64,
    record_failures: AtomicU64,
    coalesced: AtomicU64,
    withdrawn: AtomicU64,
    unchecked: AtomicU64,
    strained: AtomicU64,
}

impl Metrics {
    pub(crate) fn attempted(&self, delivered: bool, took: Duration) {
        let counter = if delivered { &self.sent } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.latency_micros.fetch_add(micros, Ordering::Relaxed);
        self.latency_count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn died(&self, count: u64) {
        self.dead.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn coalesced(&self, count: usize) {
        self.coalesced.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn withdrawn(&self) {
        self.withdrawn.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn sent_unchecked(&self) {
        self.unchecked.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn record_failed(&self) {
        self.record_failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn busy(&self, in_flight: usize, held: usize, strained: usize) {
        self.strained.store(strained as u64, Ordering::Relaxed);
        self.in_flight.store(in_flight as u64, Ordering::Relaxed);
        self.held.store(held as u64, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Snapshot {
            sent: load(&self.sent),
            failed: load(&self.failed),
            dead: load(&self.dead),
            in_flight: load(&self.in_flight),
            held: load(&self.held),
            latency_sum: Duration::from_micros(load(&self.latency_micros)),
            latency_count: load(&self.latency_count),
            record_failures: load(&self.record_failures),
            coalesced: load(&self.coalesced),
            withdrawn: load(&self.withdrawn),
            unchecked: load(&self.unchecked),
            strained: load(&self.strained),
        }
    }
}
