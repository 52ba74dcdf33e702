//! Putting a backup in the place of a store: checked first, then exchanged in one
//! step. The server that uses the store has to be stopped.

use std::path::Path;
use std::time::Duration;

use koppeltaal_core::{Error, Result};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::backup::{beside, copy_to, remove_if_there};
use super::error;
use crate::migrate;

/// Copies a backup to `target`, after checking that it is an intact store that
/// this program can use. A target that holds something is refused, or with
/// `replace` exchanged unless a process uses it.
pub fn restore_file(backup: &Path, target: &Path, replace: bool) -> Result<()> {
    let source = open_backup(backup)?;
    check(&source, backup)?;
    let occupied = std::fs::metadata(target).is_ok_and(|file| file.len() > 0);
    if occupied && !replace {
        return Err(Error::Conflict(format!("{} exists and is not empty", target.display())));
    }

    let checked = beside(target, ".restored");
    let io =
        |e: std::io::Error| Error::Unavailable(format!("cannot write {}: {e}", target.display()));
    remove_if_there(&checked).map_err(io)?;
    copy_to(&source, &checked, &mut |_| {})?;
    let exchanged = || -> Result<()> {
        if occupied {
            retire(target)?;
        }
        // A log that is left behind would be replayed over the new file.
        for suffix in ["-wal", "-shm", "-journal"] {
            remove_if_there(&beside(target, suffix)).map_err(io)?;
        }
        std::fs::rename(&checked, target).map_err(io)?;
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        super::connection::sync_folder(folder.unwrap_or(Path::new("."))).map_err(io)
    };
    exchanged().inspect_err(|_| drop(remove_if_there(&checked)))
}

/// Opens a backup without writing to it, nor beside it when it is one file.
fn open_backup(path: &Path) -> Result<Connection> {
    if !path.is_file() {
        return Err(Error::NotFound(format!("there is no backup {}", path.display())));
    }
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let opened = if beside(path, "-wal").exists() {
        Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE)
    } else {
        let uri = format!("file:{}?immutable=1", escaped(path));
        Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_READ_ONLY)
    };
    opened.map_err(|cause| not_ours(path, &cause.to_string()))
}

fn escaped(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

fn check(source: &Connection, path: &Path) -> Result<()> {
    let broken = |cause: rusqlite::Error| not_ours(path, &cause.to_string());
    let mut findings = source.prepare("PRAGMA integrity_check(3)").map_err(broken)?;
    let findings = findings
        .query_map([], |row| row.get::<_, String>(0))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(broken)?;
    if findings != ["ok"] {
        return Err(not_ours(path, &findings.join("; ")));
    }
    let newest: Option<i64> = source
        .query_row("SELECT max(number) FROM schema_migration", [], |row| row.get(0))
        .map_err(|_| not_ours(path, "it holds no schema of this program"))?;
    match newest {
        Some(newest) => migrate::refuse_newer(newest, migrate::MIGRATIONS),
        None => Err(not_ours(path, "its schema is empty")),
    }
}

fn not_ours(path: &Path, why: &str) -> Error {
    Error::Unprocessable(format!("{} is no usable backup: {why}", path.display()))
}

/// Makes sure that nobody uses the file, and empties its log into it.
fn retire(target: &Path) -> Result<()> {
    let work = || -> rusqlite::Result<()> {
        let old = Connection::open_with_flags(target, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        old.busy_timeout(Duration::ZERO)?;
        // In WAL mode this needs the file for itself: every open connection shows.
        old.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        old.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
        old.close().map_err(|(_, cause)| cause)
    };
    work().or_else(|cause| match cause.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Err(Error::Conflict(format!("{} is in use: stop the server first", target.display())))
        }
        // Whatever is there is to be replaced, a broken store too.
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Ok(()),
        _ => Err(error::plain(&cause)),
    })
}
