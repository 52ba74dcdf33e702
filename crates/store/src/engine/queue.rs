//! The bounded queue between callers and worker threads. It is full at a set
//! length and says so at once: waiting callers would only hide the overload.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use koppeltaal_core::{Error, Result};
use tokio::sync::{Semaphore, TryAcquireError};

use super::Job;

/// Closures that wait for a worker.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    /// One permit for each closure that waits; wakes exactly one worker.
    ready: Semaphore,
    bound: usize,
}

struct Waiting {
    jobs: VecDeque<Box<dyn Job>>,
    open: bool,
}

impl Queue {
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            waiting: Mutex::new(Waiting { jobs: VecDeque::new(), open: true }),
            ready: Semaphore::new(0),
            bound,
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // No code that can panic runs under this lock.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a closure, or refuses when the queue is full or closed.
    pub(crate) fn push(&self, job: Box<dyn Job>) -> Result<()> {
        let mut waiting = self.waiting();
        if !waiting.open {
            return Err(closed());
        }
        if waiting.jobs.len() >= self.bound {
            return Err(Error::Unavailable(format!(
                "the store is overloaded: {} closures are waiting",
                waiting.jobs.len()
            )));
        }
        waiting.jobs.push_back(job);
        drop(waiting);
        self.ready.add_permits(1);
        Ok(())
    }

    /// The next closure; `None` when the queue is closed and empty.
    pub(crate) async fn pop(&self) -> Option<Box<dyn Job>> {
        if let Ok(permit) = self.ready.acquire().await {
            permit.forget();
        }
        self.waiting().jobs.pop_front()
    }

    /// The next closure if one waits now.
    pub(crate) fn try_pop(&self) -> Option<Box<dyn Job>> {
        match self.ready.try_acquire() {
            Ok(permit) => permit.forget(),
            Err(TryAcquireError::NoPermits) => return None,
            Err(TryAcquireError::Closed) => {}
        }
        self.waiting().jobs.pop_front()
    }

    /// How many closures wait.
    pub(crate) fn len(&self) -> usize {
        self.waiting().jobs.len()
    }

    /// Whether closures are still accepted.
    pub(crate) fn is_open(&self) -> bool {
        self.waiting().open
    }

    /// Accepts no more closures; those that wait are still run.
    pub(crate) fn close(&self) {
        self.waiting().open = false;
        self.ready.close();
    }

    /// Closes and drops what waits, which tells the callers.
    fn abandon(&self) {
        self.close();
        let dropped = std::mem::take(&mut self.waiting().jobs);
        drop(dropped);
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("waiting", &self.len()).field("bound", &self.bound).finish()
    }
}

/// The error of a store that takes no more closures.
pub(crate) fn closed() -> Error {
    Error::Unavailable("the store is closed".to_owned())
}

/// Held by every worker of a queue. When the last one ends, for whatever reason,
/// nobody is left waiting for an answer that cannot come.
pub(crate) struct WorkerGuard {
    queue: Arc<Queue>,
    alive: Arc<AtomicUsize>,
}

impl WorkerGuard {
    /// The guard for a queue's only worker.
    pub(crate) fn for_worker(queue: &Arc<Queue>) -> Self {
        Self { queue: Arc::clone(queue), alive: Arc::new(AtomicUsize::new(1)) }
    }

    /// Guards for `count` workers of a queue.
    pub(crate) fn for_workers(queue: &Arc<Queue>, count: usize) -> Vec<Self> {
        let alive = Arc::new(AtomicUsize::new(count));
        (0..count).map(|_| Self { queue: Arc::clone(queue), alive: Arc::clone(&alive) }).collect()
    }
}

impl Drop for WorkerGuard {
    fn drop(&mut self) {
        if self.alive.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.queue.abandon();
        }
    }
}
