//! The two engines behind [`crate::Tx`]. An engine is a set of threads that take
//! closures from a bounded queue and run them on connections of their own, so a
//! caller that goes away never leaves a transaction half done.

mod insert;
mod job;
mod metrics;
pub(crate) mod postgres;
mod queue;
pub(crate) mod sqlite;
mod url;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use koppeltaal_core::{Error, Result};

pub use self::metrics::{BATCH_BOUNDS, EngineMetrics};
pub use self::url::DatabaseUrl;

pub(crate) use self::job::{Closure, Job};
pub(crate) use self::metrics::Metrics;
pub(crate) use self::queue::{Queue, WorkerGuard, closed};

use crate::tx::{Arg, Tx};

/// How often a closure is run when concurrent changes make its attempts void.
pub(crate) const ATTEMPTS: usize = 10;

/// What the worker threads of an engine share.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) writes: Arc<Queue>,
    pub(crate) reads: Arc<Queue>,
    pub(crate) metrics: Arc<Metrics>,
}

/// Runs a closure once; a panic becomes an error of that closure alone.
pub(crate) fn run_guarded(job: &mut dyn Job, tx: &mut dyn Tx) -> Result<()> {
    catch_unwind(AssertUnwindSafe(|| job.run(tx))).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        Err(Error::Internal(format!("a store closure panicked: {text}")))
    })
}

/// What a closure's run means, given the first statement that failed in it.
///
/// A failed statement fails the transaction even when the closure went on: on
/// PostgreSQL it could not have been committed, and both engines behave alike.
/// A failure that another run can cure outranks whatever the closure made of it.
pub(crate) fn verdict(ran: Result<()>, failure: Option<Error>) -> Result<()> {
    match (ran, failure) {
        (_, Some(failure @ (Error::Retry(_) | Error::Unavailable(_)))) => Err(failure),
        (Err(error), _) => Err(error),
        (Ok(()), Some(failure)) => Err(failure),
        (Ok(()), None) => Ok(()),
    }
}

/// The error after the last attempt of a closure that was always overtaken.
pub(crate) fn overtaken(reason: &str) -> Error {
    Error::Unavailable(format!("given up after {ATTEMPTS} attempts: {reason}"))
}

/// Waits for a future on a thread that has no runtime, and needs none: the queue
/// is all that such a thread waits for.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// The error of a closure that writes where it may only read.
pub(crate) fn read_only() -> Error {
    Error::Internal("a read closure tried to write".to_owned())
}

/// PostgreSQL cannot store U+0000 in a text; neither engine accepts it.
pub(crate) fn check_text(text: &str) -> Result<()> {
    if text.as_bytes().contains(&0) {
        return Err(Error::Invalid("a text may not hold the character U+0000".to_owned()));
    }
    Ok(())
}

/// The check of [`check_text`] over the arguments of a statement.
pub(crate) fn check_args(args: &[Arg<'_>]) -> Result<()> {
    args.iter().try_for_each(|arg| match arg {
        Arg::Text(text) => check_text(text),
        Arg::Null | Arg::Int(_) | Arg::Bytes(_) => Ok(()),
    })
}

/// A statement for a message: one line, not endless.
pub(crate) fn excerpt(sql: &str) -> String {
    let mut line: String = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > 200 {
        line = line.chars().take(200).collect();
        line.push('…');
    }
    line
}
