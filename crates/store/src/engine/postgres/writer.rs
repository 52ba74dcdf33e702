//! A writing thread: one closure, one transaction, again when a concurrent change
//! made the attempt void.

use std::time::Instant;

use koppeltaal_core::{Error, Result};

use super::error::OnUnique;
use super::link::Link;
use super::session::{Expects, Session};
use super::tx::{Mode, PgTx};
use crate::engine::{ATTEMPTS, Job, Work, WorkerGuard, overtaken, run_guarded, verdict};

/// Runs write closures until the queue is closed and empty.
pub(super) fn run(mut link: Link, work: &Work, _guard: WorkerGuard) {
    let runtime = std::rc::Rc::clone(&link.runtime);
    while let Some(mut job) = runtime.block_on(work.writes.pop()) {
        if job.abandoned() {
            continue;
        }
        let outcome = write(&mut link, job.as_mut(), work);
        job.finish(outcome);
    }
    link.close();
}

/// How an attempt ended.
enum Attempt {
    Settled(Result<()>),
    /// Nothing was committed, for certain, and another attempt can succeed.
    Void(String),
}

fn write(link: &mut Link, job: &mut dyn Job, work: &Work) -> Result<()> {
    let mut reason = String::new();
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            work.metrics.retries.increment();
            link.pause(attempt);
        }
        let session = link.session()?;
        work.metrics.writes.increment();
        match attempt_once(session, job, work) {
            Attempt::Settled(outcome) => return outcome,
            Attempt::Void(why) => reason = why,
        }
    }
    Err(overtaken(&reason))
}

fn attempt_once(session: &mut Session, job: &mut dyn Job, work: &Work) -> Attempt {
    let mut tx = PgTx::new(session, Mode::Write);
    let ran = run_guarded(job, &mut tx);
    let left = tx.leave();
    if let Err(failure) = verdict(ran, left.failure) {
        if session.is_lost_early() {
            // COMMIT was not sent, so the server undid what it had.
            return Attempt::Void(failure.to_string());
        }
        if left.begun && !session.is_lost() {
            session.send_plain("ROLLBACK", Expects::Success(OnUnique::Conflict));
            // The failures before it are known. When it fails itself, the
            // connection is lost and the server rolls back.
            drop(session.settle());
        }
        return settled_or_void(Err(failure));
    }
    if !left.begun {
        return Attempt::Settled(Ok(()));
    }
    let started = Instant::now();
    session.send_plain("COMMIT", Expects::Success(OnUnique::Conflict));
    // After a failed statement COMMIT rolls back and says nothing: only the answer
    // to everything that was sent is a yes.
    match session.settle() {
        Ok(_) => {
            work.metrics.committed(1, started.elapsed());
            left.effects.into_iter().for_each(|effect| effect());
            Attempt::Settled(Ok(()))
        }
        Err(failure) => {
            work.metrics.commit_failed();
            if session.is_lost() {
                // It may have been committed before the connection was lost.
                return Attempt::Settled(Err(Error::Unavailable(format!(
                    "the outcome is unknown: {failure}"
                ))));
            }
            settled_or_void(Err(failure))
        }
    }
}

fn settled_or_void(outcome: Result<()>) -> Attempt {
    match outcome {
        Err(Error::Retry(why)) => Attempt::Void(why),
        outcome => Attempt::Settled(outcome),
    }
}
