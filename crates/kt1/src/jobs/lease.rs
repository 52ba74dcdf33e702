//! The lease under which one process at a time runs the retention job: short,
//! kept up while the run goes on, and given back when it ends or is stopped, so
//! that only a crash makes the next run wait.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use koppeltaal_core::{Clock, Result, Timestamp};
use koppeltaal_store::{Store, job};
use tokio::sync::watch;

/// The name of the job.
const JOB: &str = "kt1-retention";
/// How long a crashed run blocks the next.
const LEASE: Duration = Duration::from_secs(2 * 60);
/// Younger than this a lease is not renewed: most pages take milliseconds.
const FRESH: Duration = Duration::from_secs(10);

pub(super) struct Lease<'a> {
    store: &'a Store,
    clock: &'a dyn Clock,
    started: Timestamp,
    renewed: AtomicI64,
    stop: &'a watch::Receiver<bool>,
}

impl<'a> Lease<'a> {
    /// `None` when another process has it.
    pub(super) async fn take(
        store: &'a Store,
        clock: &'a dyn Clock,
        now: Timestamp,
        stop: &'a watch::Receiver<bool>,
    ) -> Result<Option<Self>> {
        let taken = store.write(move |tx| job::take(tx, JOB, now, now.plus(LEASE))).await?;
        let renewed = AtomicI64::new(now.0);
        Ok(taken.then_some(Self { store, clock, started: now, renewed, stop }))
    }

    /// Whether the server is stopping: then no further transaction begins.
    pub(super) fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Renews the lease where that is due. False when the run has to end: the
    /// server stops, or the lease lapsed and another process took it.
    pub(super) async fn keep(&self) -> Result<bool> {
        if self.is_stopped() {
            return Ok(false);
        }
        let (now, started) = (self.clock.now(), self.started);
        if now < Timestamp(self.renewed.load(Ordering::Relaxed)).plus(FRESH) {
            return Ok(true);
        }
        let kept =
            self.store.write(move |tx| job::renew(tx, JOB, started, now.plus(LEASE))).await?;
        self.renewed.store(now.0, Ordering::Relaxed);
        Ok(kept)
    }

    /// Gives the lease back, unless another process has it by now.
    pub(super) async fn give_back(self, result: String) -> Result<()> {
        let (now, started) = (self.clock.now(), self.started);
        self.store
            .write(move |tx| {
                if job::renew(tx, JOB, started, now)? {
                    job::finish(tx, JOB, now, &result)?;
                }
                Ok(())
            })
            .await
    }
}
