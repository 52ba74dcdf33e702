//! The SQLite engine: one thread writes and commits whole batches (group commit),
//! a few threads read snapshots. The file may be shared with the command line,
//! which is another process.

mod backup;
mod checkpoint;
mod connection;
mod error;
mod limit;
mod reader;
mod restore;
mod session;
mod text;
mod writer;

use std::path::Path;
use std::thread::JoinHandle;

use koppeltaal_core::{Error, Result};

use super::{Work, WorkerGuard};
use crate::store::{Checkpoint, Options};

pub use self::backup::BackupProgress;
pub(crate) use self::backup::backup_file;
pub(crate) use self::connection::{Role, open};
pub(crate) use self::error::plain as plain_error;
pub use self::restore::restore_file;

use self::session::Session;

/// Copies what is left of the log into the main file, when the connections were closed at the
/// same moment and none of them was the last. What cannot be copied stays where it is.
pub(crate) fn empty_log(path: &Path) {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if !Path::new(&log).exists() {
        return;
    }
    let emptied = rusqlite::Connection::open(path)
        .and_then(|connection| connection.query_row("PRAGMA user_version", [], |_| Ok(())));
    if let Err(error) = emptied {
        tracing::debug!(%error, "the log of the store is left for the next start");
    }
}

/// Opens every connection and starts the threads.
pub(crate) async fn start(
    path: &Path,
    options: &Options,
    work: &Work,
) -> Result<Vec<JoinHandle<()>>> {
    let path = path.to_owned();
    let options = options.clone();
    let work = work.clone();
    tokio::task::spawn_blocking(move || start_blocking(&path, &options, &work))
        .await
        .map_err(Error::internal)?
}

fn start_blocking(path: &Path, options: &Options, work: &Work) -> Result<Vec<JoinHandle<()>>> {
    let writer = Session::new(open(path, Role::Writer, options)?);
    let readers = options.sqlite_readers.max(1);
    let readers = (0..readers)
        .map(|_| {
            let connection = open(path, Role::Reader, options)?;
            Session::limited(connection, options.statement_timeout)
                .map_err(|cause| error::plain(&cause))
        })
        .collect::<Result<Vec<_>>>()?;

    let mut threads = Vec::new();
    let mut spawn = |name: String, body: Box<dyn FnOnce() + Send>| -> Result<()> {
        let thread = std::thread::Builder::new().name(name).spawn(body);
        threads.push(thread.map_err(|e| Error::Unavailable(format!("no thread: {e}")))?);
        Ok(())
    };
    for (number, (guard, session)) in
        WorkerGuard::for_workers(&work.reads, readers.len()).into_iter().zip(readers).enumerate()
    {
        let work = work.clone();
        let body = move || reader::run(session, &work, guard);
        spawn(format!("store-reader-{number}"), Box::new(body))?;
    }
    if options.checkpoint == Checkpoint::Background {
        let connection = open(path, Role::Checkpoint, options)?;
        let writes = work.writes.clone();
        let body = move || checkpoint::run(&connection, &writes);
        spawn("store-checkpoint".to_owned(), Box::new(body))?;
    }
    let guard = WorkerGuard::for_worker(&work.writes);
    let writer = writer::Writer::new(writer, path, options, work);
    spawn("store-writer".to_owned(), Box::new(move || writer.run(guard)))?;
    Ok(threads)
}
