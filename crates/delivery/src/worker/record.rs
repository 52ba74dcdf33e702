//! Writing outcomes: all that are ready go in one closure, one closure at a time.
//! What cannot be written is kept and tried again; the leases keep others away
//! meanwhile.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::audit::Entry;
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::audit;
use koppeltaal_store::outbox::{self, LaneNext, LaneOutcome, LaneRelease, Next, Outcome, Release};
use tokio::time::Instant;

use crate::Deps;
use crate::metrics::Metrics;
use crate::queues::Key;

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
    hooks: Vec<Hook>,
    lane_releases: Vec<LaneRelease>,
}

/// An attempt at a rest-hook, and what the audit trail says of it.
#[derive(Debug, Clone)]
struct Hook {
    outcome: LaneOutcome,
    event: Option<Entry>,
}

/// What has been written.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// When the first of it is due again.
    pub(super) due: Option<Timestamp>,
    /// The lanes of rest-hooks, once for each outcome.
    pub(super) lanes: Vec<Key>,
    /// Those of them whose subscription has changed since they were leased.
    pub(super) changed: Vec<Key>,
}

impl Group {
    fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
            && self.releases.is_empty()
            && self.hooks.is_empty()
            && self.lane_releases.is_empty()
    }

    fn lanes(&self) -> Vec<Key> {
        self.hooks.iter().map(|hook| (hook.outcome.domain, hook.outcome.lane)).collect()
    }

    /// When the first of them is due again.
    fn due(&self) -> Option<Timestamp> {
        let retries = self.outcomes.iter().filter_map(|outcome| match outcome.next {
            Next::Retry(at) => Some(at),
            Next::Delivered | Next::Dead => None,
        });
        let hooks = self.hooks.iter().filter_map(|hook| match hook.outcome.next {
            LaneNext::Retry(at) => Some(at),
            // A lane that was changed meanwhile is tried again at once.
            LaneNext::Failed => Some(hook.outcome.ended),
            LaneNext::Delivered | LaneNext::Dead => None,
        });
        retries
            .chain(hooks)
            .chain(self.releases.iter().map(|release| release.due))
            .chain(self.lane_releases.iter().map(|release| release.due))
            .min()
    }
}

type Write = Pin<Box<dyn Future<Output = Result<Vec<Key>>> + Send>>;

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

    pub(super) fn hook(&mut self, outcome: LaneOutcome, event: Option<Entry>) {
        self.ready.hooks.push(Hook { outcome, event });
    }

    pub(super) fn release_lane(&mut self, release: LaneRelease) {
        self.ready.lane_releases.push(release);
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
    pub(super) fn start(&mut self, deps: &Deps, now: Instant) {
        let too_early = self.again_at.is_some_and(|at| now < at);
        if self.underway.is_some() || self.ready.is_empty() || too_early {
            return;
        }
        self.again_at = None;
        let Group { outcomes, releases, hooks, lane_releases } = &mut self.ready;
        // A lane is given back only after all that was sent in it is recorded.
        let lanes = if hooks.len() > AT_ONCE { 0 } else { lane_releases.len().min(AT_ONCE) };
        let group = Arc::new(Group {
            outcomes: outcomes.drain(..outcomes.len().min(AT_ONCE)).collect(),
            releases: releases.drain(..releases.len().min(AT_ONCE)).collect(),
            hooks: hooks.drain(..hooks.len().min(AT_ONCE)).collect(),
            lane_releases: lane_releases.drain(..lanes).collect(),
        });
        let (store, ids) = (deps.store.clone(), Arc::clone(&deps.ids));
        let clock = Arc::clone(&deps.clock);
        let written = Arc::clone(&group);
        let write = async move {
            let sent: Vec<LaneOutcome> =
                written.hooks.iter().map(|hook| hook.outcome.clone()).collect();
            let events: Vec<(i64, Entry)> = written
                .hooks
                .iter()
                .filter_map(|hook| Some((hook.outcome.domain, hook.event.clone()?)))
                .collect();
            let now = clock.now();
            store
                .write(move |tx| {
                    outbox::record(tx, &written.outcomes)?;
                    outbox::release(tx, &written.releases)?;
                    let changed = outbox::record_lanes(tx, &sent, now)?;
                    outbox::release_lanes(tx, &written.lane_releases)?;
                    if !events.is_empty() {
                        audit::append_across(tx, &ids, &events)?;
                    }
                    Ok(changed)
                })
                .await
        };
        self.underway = Some((group, Box::pin(write)));
    }

    /// Waits for the write that is underway, takes note of how it went, and tells
    /// what was written.
    pub(super) async fn finished(&mut self, metrics: &Metrics) -> Recorded {
        let Some((group, write)) = &mut self.underway else {
            return pending().await;
        };
        let written = write.await;
        let group = Arc::clone(group);
        self.underway = None;
        match written {
            Ok(changed) => {
                self.failures = 0;
                Recorded { due: group.due(), lanes: group.lanes(), changed }
            }
            Err(error) => self.failed(&group, &error, metrics),
        }
    }

    fn failed(&mut self, group: &Group, error: &Error, metrics: &Metrics) -> Recorded {
        metrics.record_failed();
        self.failures += 1;
        let pause = FIRST_PAUSE * 2_u32.pow(self.failures.min(10) - 1);
        self.again_at = Some(Instant::now() + pause.min(LONGEST_PAUSE));
        let outcomes = group.outcomes.len() + group.hooks.len();
        if !matches!(error, Error::Unavailable(_)) && self.failures >= HOPELESS {
            tracing::error!(%error, outcomes, "outcomes of notifications are lost");
            self.failures = 0;
            // The leases end by themselves.
            return Recorded { lanes: group.lanes(), ..Recorded::default() };
        }
        tracing::warn!(%error, outcomes, "outcomes of notifications cannot be written yet");
        // In their old place: in front of what has become ready since.
        self.ready.outcomes.splice(..0, group.outcomes.iter().cloned());
        self.ready.releases.splice(..0, group.releases.iter().copied());
        self.ready.hooks.splice(..0, group.hooks.iter().cloned());
        self.ready.lane_releases.splice(..0, group.lane_releases.iter().copied());
        Recorded::default()
    }
}
