//! The limit on a statement that reads: a search that looks at everything must not keep
//! a reading thread from all others for ever. PostgreSQL has a setting for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

/// Instructions of SQLite's machine between two looks at the clock: less than a
/// millisecond.
const INSTRUCTIONS: i32 = 20_000;

/// Interrupts the statements of a connection that take longer.
#[derive(Debug)]
pub(super) struct Limit {
    most: Duration,
    origin: Instant,
    /// When the statement in progress ends, in milliseconds after `origin`.
    end: Arc<AtomicU64>,
}

impl Limit {
    /// Watches over a connection from now on.
    pub(super) fn on(connection: &mut Connection, most: Duration) -> rusqlite::Result<Self> {
        let (origin, end) = (Instant::now(), Arc::new(AtomicU64::new(u64::MAX)));
        let watched = Arc::clone(&end);
        let is_over = move || millis(origin.elapsed()) > watched.load(Ordering::Relaxed);
        connection.progress_handler(INSTRUCTIONS, Some(is_over))?;
        Ok(Self { most, origin, end })
    }

    /// A statement begins.
    pub(super) fn begin(&self) {
        let end = self.origin.elapsed().saturating_add(self.most);
        self.end.store(millis(end), Ordering::Relaxed);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
