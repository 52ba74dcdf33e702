//! A reading thread. A closure with one statement needs no transaction, which is
//! most of them; one with several reads from one snapshot. Which closures those
//! are is learnt from their first run.

use std::any::TypeId;
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use koppeltaal_core::{Error, Result};

use super::link::Link;
use super::session::{Expects, Session};
use super::tx::{Mode, PgTx};
use crate::engine::{ATTEMPTS, Job, Work, WorkerGuard, overtaken, run_guarded, verdict};

/// The closures that were seen to run several statements.
pub(super) type Snapshots = Mutex<HashSet<TypeId>>;

/// Runs read closures until the queue is closed and empty.
pub(super) fn run(mut link: Link, work: &Work, snapshots: &Snapshots, _guard: WorkerGuard) {
    let runtime = std::rc::Rc::clone(&link.runtime);
    while let Some(mut job) = runtime.block_on(work.reads.pop()) {
        if job.abandoned() {
            continue;
        }
        let outcome = read(&mut link, job.as_mut(), work, snapshots);
        job.finish(outcome);
    }
    link.close();
}

fn read(link: &mut Link, job: &mut dyn Job, work: &Work, snapshots: &Snapshots) -> Result<()> {
    let known = || -> MutexGuard<'_, HashSet<TypeId>> {
        snapshots.lock().unwrap_or_else(PoisonError::into_inner)
    };
    let kind = job.kind();
    let mut mode = if known().contains(&kind) { Mode::Snapshot } else { Mode::Single };
    let mut reason = String::new();
    let mut attempt = 0;
    while attempt < ATTEMPTS {
        if attempt > 0 {
            work.metrics.retries.increment();
            link.pause(attempt);
        }
        let session = link.session()?;
        work.metrics.reads.increment();
        let mut tx = PgTx::new(session, mode);
        let ran = run_guarded(job, &mut tx);
        let left = tx.leave();
        if left.needs_snapshot {
            known().insert(kind);
            mode = Mode::Snapshot;
            continue;
        }
        let outcome = verdict(ran, left.failure);
        if left.begun && !session.is_lost() {
            end(session);
        }
        match outcome {
            Err(Error::Retry(why)) => reason = why,
            // Nothing was changed: a read can always be run again.
            Err(failure) if session.is_lost_early() => reason = failure.to_string(),
            outcome => return outcome,
        }
        attempt += 1;
    }
    Err(overtaken(&reason))
}

/// Ends the snapshot. Nobody waits for it: it leaves with the next statement, or
/// when the thread has nothing to do.
fn end(session: &mut Session) {
    session.send_plain("ROLLBACK", Expects::Anything);
}
