//! The end of the loop: nothing new begins, requests in flight get their grace,
//! and what is not sent goes back at once instead of waiting for its lease to end.

use koppeltaal_store::outbox::{LaneRelease, Release};
use tokio::time::{Instant, timeout_at};

use super::{Job, Worker, arrival};

/// After so many failed attempts to write the rest is left to the leases.
const PATIENCE: u32 = 3;

impl Worker {
    pub(super) async fn stop(mut self) {
        let grace = Instant::now() + self.settings.grace;
        if self.leasing.is_some()
            && let Ok(leased) = timeout_at(grace, arrival(&mut self.leasing)).await
        {
            self.leased(leased);
        }
        let now = self.deps.clock.now();
        for lane in self.lanes.values_mut() {
            for due in lane.held.drain(..) {
                self.recording.release(Release::of(&due, now));
            }
        }
        self.held = 0;
        for lane in self.queues.drain() {
            self.recording.release_lane(LaneRelease::of(&lane, now));
        }
        while !self.running.is_empty() {
            self.recording.start(&self.deps, Instant::now());
            tokio::select! {
                Some(ended) = self.requests.join_next_with_id() => self.ended(ended),
                _ = self.recording.finished(&self.metrics) => {}
                () = tokio::time::sleep_until(grace) => break,
            }
        }
        // Nobody knows whether these arrived; at least once means once more.
        self.requests.abort_all();
        let now = self.deps.clock.now();
        for (_, running) in self.running.drain() {
            match running.job {
                Job::Webhook(due) => self.recording.release(Release::of(&due, now)),
                Job::RestHook { turn, .. } => {
                    self.recording.release_lane(LaneRelease::of(&turn.lane, now));
                }
            }
        }
        while !self.recording.is_done() && self.recording.failures() < PATIENCE {
            self.recording.start(&self.deps, Instant::now());
            if let Some(at) = self.recording.starts_at() {
                tokio::time::sleep_until(at).await;
            } else {
                self.recording.finished(&self.metrics).await;
            }
        }
        self.metrics.busy(0, 0, 0);
        tracing::debug!("the delivery of notifications has stopped");
    }
}
