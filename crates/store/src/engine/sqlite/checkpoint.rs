//! Moving the log into the main file outside the commits: highest throughput,
//! with a longer stall now and then.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::connection::BUSY_TIMEOUT;
use crate::engine::Queue;

/// How often the thread copies what it can without disturbing anybody.
const PAUSE: Duration = Duration::from_millis(100);

/// Above this the writer waits for readers and starts the log from its beginning;
/// under load the quiet kind alone never gets that far.
const LOG_LIMIT: u64 = 64 << 20;

/// Copies pages until the queue is closed.
pub(super) fn run(connection: &Connection, writes: &Queue) {
    while writes.is_open() {
        std::thread::sleep(PAUSE);
        checkpoint(connection, "PASSIVE");
    }
}

/// Called by the writer between two batches.
pub(super) fn restart_when_large(connection: &Connection, path: &Path) {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(log).is_ok_and(|log| log.len() > LOG_LIMIT) {
        // A reader that holds on to an old snapshot may not stall every writer.
        drop(connection.busy_timeout(PAUSE));
        checkpoint(connection, "RESTART");
        drop(connection.busy_timeout(BUSY_TIMEOUT));
    }
}

fn checkpoint(connection: &Connection, kind: &str) {
    let done = connection.query_row(&format!("PRAGMA wal_checkpoint({kind})"), [], |_| Ok(()));
    if let Err(cause) = done {
        // The log keeps what was not copied; the next one tries again.
        tracing::warn!("a checkpoint failed: {cause}");
    }
}
