//! A reading thread: each closure sees one snapshot of the store.

use super::error;
use super::session::{Session, SqliteTx};
use crate::engine::{ATTEMPTS, Job, Work, WorkerGuard, block_on, overtaken, run_guarded, verdict};
use koppeltaal_core::{Error, Result};

/// Runs read closures until the queue is closed.
pub(super) fn run(mut session: Session, work: &Work, _guard: WorkerGuard) {
    while let Some(mut job) = block_on(work.reads.pop()) {
        if job.abandoned() {
            continue;
        }
        let outcome = read(&mut session, job.as_mut(), work);
        job.finish(outcome);
    }
}

fn read(session: &mut Session, job: &mut dyn Job, work: &Work) -> Result<()> {
    let mut last = Ok(());
    if !session.connection.is_autocommit() {
        // What a closure before this one could not end.
        session.run("ROLLBACK").map_err(|cause| error::plain(&cause))?;
    }
    for _ in 0..ATTEMPTS {
        work.metrics.reads.increment();
        session.run("BEGIN DEFERRED").map_err(|cause| error::plain(&cause))?;
        let mut tx = SqliteTx::to_read(session);
        let ran = run_guarded(job, &mut tx);
        last = verdict(ran, tx.leave().0);
        if !session.connection.is_autocommit() {
            // Nothing was written, so there is nothing that could be lost.
            session.run("ROLLBACK").map_err(|cause| error::plain(&cause))?;
        }
        match &last {
            Err(Error::Retry(_)) => work.metrics.retries.increment(),
            _ => return last,
        }
    }
    last.map_err(|error| overtaken(&error.to_string()))
}
