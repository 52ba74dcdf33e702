//! The writing thread: group commit. A batch takes whatever waits and never waits
//! for company; each closure runs in a savepoint, the batch is committed once,
//! and only then is anybody answered.

use std::path::{Path, PathBuf};
use std::time::Instant;

use koppeltaal_core::{Error, Result};

use super::connection::{Role, open};
use super::session::{Session, SqliteTx};
use super::{checkpoint, error};
use crate::engine::{ATTEMPTS, Job, Work, WorkerGuard, block_on, overtaken, run_guarded, verdict};
use crate::store::{Checkpoint, Options};
use crate::tx::Effect;

/// The one that writes.
pub(super) struct Writer {
    session: Session,
    path: PathBuf,
    options: Options,
    work: Work,
}

/// A closure that ran, and what is to follow the commit.
type Done = (Box<dyn Job>, Result<Vec<Effect>>);

/// What became of a closure, and of the batch it ran in.
enum Ran {
    /// The batch goes on; the closure kept its own part, and this is to follow
    /// the commit, or it undid it.
    Settled(Result<Vec<Effect>>),
    /// SQLite rolled the whole batch back, or it cannot be trusted any more.
    BatchLost(Error),
}

impl Writer {
    pub(super) fn new(session: Session, path: &Path, options: &Options, work: &Work) -> Self {
        Self { session, path: path.to_owned(), options: options.clone(), work: work.clone() }
    }

    /// Runs write closures until the queue is closed and empty.
    pub(super) fn run(mut self, _guard: WorkerGuard) {
        while let Some(job) = block_on(self.work.writes.pop()) {
            self.batch(job);
            if self.options.checkpoint == Checkpoint::Background {
                checkpoint::restart_when_large(&self.session.connection, &self.path);
            }
        }
    }

    fn batch(&mut self, first: Box<dyn Job>) {
        if let Err(cause) = self.session.run("BEGIN IMMEDIATE") {
            let failure = error::plain(&cause);
            tracing::error!("a write could not begin: {failure}");
            // Whoever waits now would wait for the same lock, one after another.
            let mut waiting = Some(first);
            while let Some(job) = waiting {
                job.finish(Err(failure.clone()));
                waiting = self.work.writes.try_pop();
            }
            self.recover();
            return;
        }

        let mut batch: Vec<Done> = Vec::new();
        let mut next = Some(first);
        let mut lost = None;
        while let Some(mut job) = next {
            if !job.abandoned() {
                match self.run_one(job.as_mut()) {
                    Ran::Settled(outcome) => batch.push((job, outcome)),
                    Ran::BatchLost(failure) => {
                        batch.push((job, Err(failure.clone())));
                        lost = Some(failure);
                        break;
                    }
                }
            }
            let room = batch.len() < self.options.batch_cap;
            next = room.then(|| self.work.writes.try_pop()).flatten();
        }

        let committed = match lost {
            Some(failure) => Err(failure),
            // Every caller had gone away.
            None if batch.is_empty() => return self.recover(),
            None => self.commit(batch.len()),
        };
        if let Err(failure) = &committed {
            tracing::error!(store.closures = batch.len(), "a commit failed: {failure}");
            self.work.metrics.commit_failed();
            self.recover();
        }
        // Also a refusal is answered only now: it may rest on what an earlier
        // closure of the same batch wrote.
        for (job, outcome) in batch {
            job.finish(committed.clone().and(outcome).map(|effects| {
                effects.into_iter().for_each(|effect| effect());
            }));
        }
    }

    /// Runs one closure in a savepoint, so that its failure undoes its part alone.
    fn run_one(&mut self, job: &mut dyn Job) -> Ran {
        let mut reason = String::new();
        for _ in 0..ATTEMPTS {
            self.work.metrics.writes.increment();
            if let Err(cause) = self.session.run("SAVEPOINT closure") {
                return Ran::BatchLost(error::plain(&cause));
            }
            let mut tx = SqliteTx::to_write(&mut self.session);
            let ran = run_guarded(job, &mut tx);
            let (failure, effects) = tx.leave();
            let outcome = verdict(ran, failure);
            if self.session.connection.is_autocommit() {
                // A full disk or an I/O error makes SQLite undo everything.
                return Ran::BatchLost(match outcome {
                    Err(failure @ Error::Unavailable(_)) => failure,
                    _ => Error::Unavailable("SQLite rolled the batch back".to_owned()),
                });
            }
            if outcome.is_err()
                && let Err(cause) = self.session.run("ROLLBACK TO closure")
            {
                return Ran::BatchLost(error::plain(&cause));
            }
            if let Err(cause) = self.session.run("RELEASE closure") {
                return Ran::BatchLost(error::plain(&cause));
            }
            match outcome {
                Err(Error::Retry(why)) => {
                    self.work.metrics.retries.increment();
                    reason = why;
                }
                settled => return Ran::Settled(settled.map(|()| effects)),
            }
        }
        Ran::Settled(Err(overtaken(&reason)))
    }

    fn commit(&mut self, closures: usize) -> Result<()> {
        let started = Instant::now();
        self.session.run("COMMIT").map_err(|cause| match error::plain(&cause) {
            Error::Internal(text) => Error::Unavailable(text),
            error => error,
        })?;
        self.work.metrics.committed(closures, started.elapsed());
        Ok(())
    }

    /// Brings the connection back to where a transaction can begin.
    fn recover(&mut self) {
        if !self.session.connection.is_autocommit() {
            // Its failure shows in the check below.
            drop(self.session.run("ROLLBACK"));
        }
        if self.session.connection.is_autocommit() {
            return;
        }
        match open(&self.path, Role::Writer, &self.options) {
            Ok(connection) => {
                self.work.metrics.reconnects.increment();
                self.session = Session::new(connection);
            }
            Err(failure) => tracing::error!("the store could not be opened again: {failure}"),
        }
    }
}
