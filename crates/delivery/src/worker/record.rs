//! Writing outcomes: all that are ready go in one closure, one closure at a time.
//! What cannot be written is kept and tried again; the leases keep others away
//! meanwhile.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::Store;
use koppeltaal_store::outbox::{self, Next, Outcome, Release};
use tokio::time::Instant;

use crate::metrics::Metrics;

/// After the first failure; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Outcomes that one closure writes: it must not hold up the writer.
const AT_ONCE: usize = 256;

/// A group that fails so often for a reason of its own is let go.
const HOPELESS: u32 = 5;

#[derive(Debug, Default)]
struct Group {
    outcomes: Vec<Outcome>,
    releases: Vec<Release>,
}

impl Group {
    fn is_empty(&self) -> bool {
        self.outcomes.is_empty() && self.releases.is_empty()
    }

    /// When the first of them is due again.
    fn due(&self) -> Option<Timestamp> {
        let retries = self.outcomes.iter().filter_map(|outcome| match outcome.next {
            Next::Retry(at) => Some(at),
            Next::Delivered | Next::Dead => None,
        });
        retries.chain(self.releases.iter().map(|release| release.due)).min()
    }
}

type Write = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// Outcomes on their way into the store.
#[derive(Default)]
pub(super) struct Recording {
    ready: Group,
    underway: Option<(Arc<Group>, Write)>,
    failures: u32,
    again_at: Option<Instant>,
}

impl Recording {
    pub(super) fn outcome(&mut self, outcome: Outcome) {
        self.ready.outcomes.push(outcome);
    }

    pub(super) fn release(&mut self, release: Release) {
        self.ready.releases.push(release);
    }

    /// Whether the last attempt to write failed.
    pub(super) fn is_stuck(&self) -> bool {
        self.failures > 0
    }

    /// Whether nothing is left to write.
    pub(super) fn is_done(&self) -> bool {
        self.ready.is_empty() && self.underway.is_none()
    }

    /// Failed attempts in a row.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// When to try again, if that is what is waited for.
    pub(super) fn starts_at(&self) -> Option<Instant> {
        if self.underway.is_none() && !self.ready.is_empty() { self.again_at } else { None }
    }

    /// Starts to write what is ready, unless something is being written.
    pub(super) fn start(&mut self, store: &Store, now: Instant) {
        let too_early = self.again_at.is_some_and(|at| now < at);
        if self.underway.is_some() || self.ready.is_empty() || too_early {
            return;
        }
        self.again_at = None;
        let Group { outcomes, releases } = &mut self.ready;
        let group = Arc::new(Group {
            outcomes: outcomes.drain(..outcomes.len().min(AT_ONCE)).collect(),
            releases: releases.drain(..releases.len().min(AT_ONCE)).collect(),
        });
        let store = store.clone();
        let written = Arc::clone(&group);
        let write = async move {
            store
                .write(move |tx| {
                    outbox::record(tx, &written.outcomes)?;
                    outbox::release(tx, &written.releases)
                })
                .await
        };
        self.underway = Some((group, Box::pin(write)));
    }

    /// Waits for the write that is underway, takes note of how it went, and tells
    /// when the first of what was written is due again.
    pub(super) async fn finished(&mut self, metrics: &Metrics) -> Option<Timestamp> {
        let Some((group, write)) = &mut self.underway else {
            return pending().await;
        };
        let written = write.await;
        let group = Arc::clone(group);
        self.underway = None;
        match written {
            Ok(()) => {
                self.failures = 0;
                group.due()
            }
            Err(error) => {
                self.failed(&group, &error, metrics);
                None
            }
        }
    }

    fn failed(&mut self, group: &Group, error: &Error, metrics: &Metrics) {
        metrics.record_failed();
        self.failures += 1;
        let pause = FIRST_PAUSE * 2_u32.pow(self.failures.min(10) - 1);
        self.again_at = Some(Instant::now() + pause.min(LONGEST_PAUSE));
        let outcomes = group.outcomes.len();
        if !matches!(error, Error::Unavailable(_)) && self.failures >= HOPELESS {
            tracing::error!(%error, outcomes, "outcomes of notifications are lost");
            self.failures = 0;
            return;
        }
        tracing::warn!(%error, outcomes, "outcomes of notifications cannot be written yet");
        // In their old place: in front of what has become ready since.
        self.ready.outcomes.splice(..0, group.outcomes.iter().cloned());
        self.ready.releases.splice(..0, group.releases.iter().copied());
    }
}
