//! Counters of the engine, kept as plain atomics; the faces that expose metrics
//! take a snapshot.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the commit batch histogram; a last bucket takes the rest.
pub const BATCH_BOUNDS: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// A snapshot of what the engine has done since it was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineMetrics {
    /// Transactions that were committed durably.
    pub commits: u64,
    /// Commits that failed.
    pub failed_commits: u64,
    /// Write closures that were answered after a commit, whatever their answer.
    pub committed_closures: u64,
    /// Commits by the number of closures in them: at most [`BATCH_BOUNDS`], then more.
    pub commit_batches: [u64; BATCH_BOUNDS.len() + 1],
    /// Time spent in COMMIT.
    pub commit_time: Duration,
    /// Write closures run, repetitions included.
    pub writes: u64,
    /// Read closures run, repetitions included.
    pub reads: u64,
    /// Repetitions after a concurrent change or a lost connection.
    pub retries: u64,
    /// Connections that had to be opened again.
    pub reconnects: u64,
    /// Closures refused because the queue was full.
    pub refused: u64,
    /// Write closures that wait now.
    pub waiting_writes: u64,
    /// Read closures that wait now.
    pub waiting_reads: u64,
}

/// The counters themselves.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    commits: AtomicU64,
    failed_commits: AtomicU64,
    committed_closures: AtomicU64,
    commit_batches: [AtomicU64; BATCH_BOUNDS.len() + 1],
    commit_micros: AtomicU64,
    pub(crate) writes: Counter,
    pub(crate) reads: Counter,
    pub(crate) retries: Counter,
    pub(crate) reconnects: Counter,
    pub(crate) refused: Counter,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Metrics {
    pub(crate) fn committed(&self, closures: usize, took: Duration) {
        let closures = closures as u64;
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.committed_closures.fetch_add(closures, Ordering::Relaxed);
        let bucket = BATCH_BOUNDS.iter().position(|bound| closures <= *bound);
        self.commit_batches[bucket.unwrap_or(BATCH_BOUNDS.len())].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.commit_micros.fetch_add(micros, Ordering::Relaxed);
    }

    pub(crate) fn commit_failed(&self) {
        self.failed_commits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self, waiting_writes: usize, waiting_reads: usize) -> EngineMetrics {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        EngineMetrics {
            commits: load(&self.commits),
            failed_commits: load(&self.failed_commits),
            committed_closures: load(&self.committed_closures),
            commit_batches: std::array::from_fn(|bucket| load(&self.commit_batches[bucket])),
            commit_time: Duration::from_micros(load(&self.commit_micros)),
            writes: self.writes.get(),
            reads: self.reads.get(),
            retries: self.retries.get(),
            reconnects: self.reconnects.get(),
            refused: self.refused.get(),
            waiting_writes: waiting_writes as u64,
            waiting_reads: waiting_reads as u64,
        }
    }
}
