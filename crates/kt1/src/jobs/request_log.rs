//! Removes rows of the request log whose time is over: successes after a week,
//! failures after two. Each removal is a short transaction of its own.

use std::time::Duration;

use koppeltaal_core::Result;
use koppeltaal_store::{job, request_log};
use tokio::sync::watch;

use super::JobSettings;

const JOB: &str = "kt1-request-log";
/// How long a crashed run blocks the next.
const LEASE: Duration = Duration::from_secs(10 * 60);
const DAY: Duration = Duration::from_secs(86_400);
/// How many rows one transaction removes.
const AT_ONCE: i64 = 500;

/// Runs the job at the interval of the retention job until `stop` says so.
pub(super) async fn keep_removing(settings: JobSettings, mut stop: watch::Receiver<bool>) {
    let interval = settings.retention_interval.max(Duration::from_millis(100));
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = super::stopped(&mut stop) => return,
        }
        if let Err(error) = run(&settings, &stop).await {
            tracing::warn!(%error, "the request log could not be tidied; it is tried again");
        }
    }
}

async fn run(settings: &JobSettings, stop: &watch::Receiver<bool>) -> Result<()> {
    let now = settings.clock.now();
    if !settings.store.write(move |tx| job::take(tx, JOB, now, now.plus(LEASE))).await? {
        return Ok(());
    }
    let mut removed = 0;
    let directory = settings.directory.borrow().clone();
    for domain in directory.domains() {
        for (failed, days) in [(false, 7), (true, 14)] {
            let until = now.minus(DAY * days);
            loop {
                let scope = settings.store.scope(domain);
                let gone =
                    scope.write(move |tx| request_log::remove(tx, failed, until, AT_ONCE)).await?;
                removed += gone;
                if gone < AT_ONCE.unsigned_abs() || *stop.borrow() {
                    break;
                }
            }
        }
    }
    let (end, result) = (settings.clock.now(), format!("{removed} removed"));
    settings.store.write(move |tx| job::finish(tx, JOB, end, &result)).await
}
