//! The store as the rest of the program sees it: a handle to write and read
//! through closures, whatever engine stands behind it.

use std::fmt;
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use koppeltaal_core::{Error, Result};

use crate::engine::sqlite::backup_file;
use crate::engine::{Closure, Queue, Work};
use crate::tx::{Dialect, Tx};

pub use crate::engine::sqlite::{BackupProgress, restore_file};
pub use crate::engine::{BATCH_BOUNDS, DatabaseUrl, EngineMetrics};

/// How long [`Store::ping`] waits before it calls the store unavailable.
const PING_LIMIT: Duration = Duration::from_secs(2);

/// Settings of the engines. The defaults are measured on two cores and a fast disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Connections that write on PostgreSQL: few on a fast disk, many (32) on a
    /// slow one.
    pub postgres_write_connections: usize,
    /// Connections that read on PostgreSQL.
    pub postgres_read_connections: usize,
    /// The limit on one statement; on SQLite on one that reads.
    pub statement_timeout: Duration,
    /// Threads that read on SQLite: as many as cores.
    pub sqlite_readers: usize,
    /// When SQLite's log is copied into the main file.
    pub checkpoint: Checkpoint,
    /// The largest number of pages of a SQLite file; none is the limit of SQLite.
    pub sqlite_max_pages: Option<NonZero<u32>>,
    /// The most closures that share one commit on SQLite.
    pub batch_cap: usize,
    /// The most closures that wait, for writing and for reading each; a closure
    /// that comes later is refused with [`Error::Unavailable`].
    pub queue_bound: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            postgres_write_connections: 8,
            postgres_read_connections: 4,
            statement_timeout: Duration::from_secs(30),
            sqlite_readers: 2,
            checkpoint: Checkpoint::default(),
            sqlite_max_pages: None,
            batch_cap: 256,
            queue_bound: 4096,
        }
    }
}

/// When SQLite copies its log into the main file (a checkpoint). A larger
/// interval makes the stalls rarer and longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checkpoint {
    /// By the commit that makes the log this many pages long: 2000 is between
    /// steady answers (1000) and throughput (4000).
    Pages(u32),
    /// By a thread of its own, and by the writer when the log passes 64 MB:
    /// the highest throughput, for a bulk import.
    Background,
}

impl Default for Checkpoint {
    fn default() -> Self {
        Self::Pages(2000)
    }
}

/// A handle to an open store; clones share it.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    url: DatabaseUrl,
    dialect: Dialect,
    work: Work,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The threads finish what waits and end by themselves.
        self.work.close();
    }
}

impl Work {
    fn close(&self) {
        self.writes.close();
        self.reads.close();
    }
}

impl Store {
    /// Opens the store: connects, and creates a SQLite file (readable by its owner
    /// only) and its folder when they are absent. The schema is left as it is; see
    /// [`crate::migrate`].
    pub async fn open(url: &DatabaseUrl, options: &Options) -> Result<Self> {
        let bound = options.queue_bound.max(1);
        let work = Work {
            writes: Arc::new(Queue::new(bound)),
            reads: Arc::new(Queue::new(bound)),
            metrics: Arc::default(),
        };
        let (dialect, threads) = match url {
            DatabaseUrl::Sqlite(path) => {
                (Dialect::Sqlite, crate::engine::sqlite::start(path, options, &work).await?)
            }
            DatabaseUrl::Postgres(_) => {
                (Dialect::Postgres, crate::engine::postgres::start(url, options, &work).await?)
            }
        };
        let threads = Mutex::new(threads);
        Ok(Self(Arc::new(Inner { url: url.clone(), dialect, work, threads })))
    }

    /// Runs a closure as one unit of work: all of it is durable when this answers
    /// `Ok`, none of it is stored when it answers an error. After
    /// [`Error::Unavailable`] alone either may be true.
    ///
    /// The closure may be run more than once, so it has no side effects besides
    /// its `Tx`. When this future is dropped the closure is run as a whole or not
    /// at all.
    pub async fn write<T, F>(&self, closure: F) -> Result<T>
    where
        F: FnMut(&mut dyn Tx) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.submit(&self.0.work.writes, closure).await
    }

    /// Runs a closure that only reads, on one consistent snapshot.
    ///
    /// A closure that reads for long keeps SQLite from resetting its log: page
    /// through what is long.
    pub async fn read<T, F>(&self, closure: F) -> Result<T>
    where
        F: FnMut(&mut dyn Tx) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.submit(&self.0.work.reads, closure).await
    }

    async fn submit<T, F>(&self, queue: &Queue, closure: F) -> Result<T>
    where
        F: FnMut(&mut dyn Tx) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (job, answered) = Closure::new(closure);
        if let Err(refusal) = queue.push(Box::new(job)) {
            self.0.work.metrics.refused.increment();
            return Err(refusal);
        }
        answered.await.unwrap_or_else(|_| Err(crate::engine::closed()))
    }

    /// The SQL dialect of the engine.
    pub fn dialect(&self) -> Dialect {
        self.0.dialect
    }

    /// The address that the store was opened with.
    pub fn url(&self) -> &DatabaseUrl {
        &self.0.url
    }

    /// What the engine has done so far.
    pub fn metrics(&self) -> EngineMetrics {
        let work = &self.0.work;
        work.metrics.snapshot(work.writes.len(), work.reads.len())
    }

    /// Reads from the store, for a readiness check: answers within two seconds.
    pub async fn ping(&self) -> Result<()> {
        let read = self.read(|tx| tx.query("SELECT 1", &[]));
        match tokio::time::timeout(PING_LIMIT, read).await {
            Ok(answer) => answer.map(drop),
            Err(_) => Err(Error::Unavailable(format!(
                "the store did not answer within {} seconds",
                PING_LIMIT.as_secs()
            ))),
        }
    }

    /// Runs what waits, refuses what comes later (from clones too) and ends the
    /// engine's threads.
    pub async fn close(self) {
        self.0.work.close();
        let threads =
            std::mem::take(&mut *self.0.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let joined = tokio::task::spawn_blocking(move || {
            threads.into_iter().map(JoinHandle::join).filter(Result::is_err).count()
        });
        let joined = joined.await;
        debug_assert!(matches!(joined, Ok(0)), "a thread of the store panicked");
        if let Ok(panicked @ 1..) = joined {
            tracing::error!(store.threads = panicked, "threads of the store had panicked");
        }
        if let DatabaseUrl::Sqlite(path) = self.0.url.clone() {
            let _emptied =
                tokio::task::spawn_blocking(move || crate::engine::sqlite::empty_log(&path)).await;
        }
    }
}

impl Store {
    /// Copies a SQLite store to a new file while it is being written. PostgreSQL
    /// has its own tool for that.
    pub async fn backup_to(
        &self,
        target: &Path,
        mut progress: impl FnMut(BackupProgress) + Send + 'static,
    ) -> Result<()> {
        let source = match &self.0.url {
            DatabaseUrl::Sqlite(path) => path.clone(),
            DatabaseUrl::Postgres(_) => {
                return Err(Error::Unprocessable(
                    "a store on PostgreSQL is backed up with pg_dump".to_owned(),
                ));
            }
        };
        let target = target.to_owned();
        tokio::task::spawn_blocking(move || backup_file(&source, &target, &mut progress))
            .await
            .map_err(Error::internal)?
    }
}
