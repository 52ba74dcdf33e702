//! A hot copy of a SQLite store: taken from one snapshot while this or another
//! process goes on writing, complete under its name or not there at all.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use koppeltaal_core::{Error, Result};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::connection::{BUSY_TIMEOUT, create, sync_folder};
use super::error;

/// Pages copied between two reports: 4 MB.
const STEP: i32 = 1024;

/// How far a backup has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupProgress {
    /// Pages that are copied.
    pub done: u64,
    /// Pages in all.
    pub total: u64,
}

/// Copies the store to a new file.
pub(crate) fn backup_file(
    source: &Path,
    target: &Path,
    progress: &mut dyn FnMut(BackupProgress),
) -> Result<()> {
    if target.exists() {
        return Err(Error::Conflict(format!("{} exists already", target.display())));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(source, flags).map_err(|e| error::plain(&e))?;
    copy_to(&source, target, progress)
}

/// Copies an open database to a file, by way of a partial file beside it.
pub(super) fn copy_to(
    source: &Connection,
    target: &Path,
    progress: &mut dyn FnMut(BackupProgress),
) -> Result<()> {
    let partial = beside(target, ".partial");
    let io =
        |e: std::io::Error| Error::Unavailable(format!("cannot write {}: {e}", target.display()));
    remove_if_there(&partial).map_err(io)?;
    create(&partial).map_err(io)?;
    let copied = copy_pages(source, &partial, progress).and_then(|()| {
        OpenOptions::new().write(true).open(&partial).and_then(|f| f.sync_all()).map_err(io)?;
        std::fs::rename(&partial, target).map_err(io)?;
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        sync_folder(folder.unwrap_or(Path::new("."))).map_err(io)
    });
    if copied.is_err() {
        drop(remove_if_there(&partial));
    }
    copied
}

fn copy_pages(
    source: &Connection,
    partial: &Path,
    progress: &mut dyn FnMut(BackupProgress),
) -> Result<()> {
    let mut work = || -> rusqlite::Result<()> {
        source.busy_timeout(BUSY_TIMEOUT)?;
        let mut copy = Connection::open(partial)?;
        copy.pragma_update(None, "synchronous", "FULL")?;
        // The open snapshot keeps the copy from starting again at every write.
        source.execute_batch("BEGIN")?;
        source.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        let backup = Backup::new(source, &mut copy)?;
        loop {
            let step = backup.step(STEP)?;
            let at = backup.progress();
            let total = u64::try_from(at.pagecount).unwrap_or(0);
            let left = u64::try_from(at.remaining).unwrap_or(0);
            progress(BackupProgress { done: total.saturating_sub(left), total });
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                _ => std::thread::sleep(Duration::from_millis(20)),
            }
        }
        drop(backup);
        source.execute_batch("ROLLBACK")?;
        // One file without a log beside it can be moved and read anywhere.
        copy.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
        copy.close().map_err(|(_, cause)| cause)
    };
    work().map_err(|cause| error::plain(&cause))
}

/// The path with something after its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

pub(super) fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}
