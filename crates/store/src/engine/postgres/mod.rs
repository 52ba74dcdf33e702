//! The PostgreSQL engine: each worker thread has a connection and runs one closure
//! at a time on it, in a transaction of its own. The thread outlives the request,
//! so a caller that hangs up cannot leave a connection in mid-transaction.
//!
//! Isolation is READ COMMITTED: a closure that reads before it writes locks what
//! it reads (`FOR UPDATE`), in the order of the keys.

mod address;
mod error;
mod link;
pub(crate) mod listen;
mod reader;
mod session;
mod tls;
mod tx;
mod value;
mod writer;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use koppeltaal_core::{Error, Result};
use tokio::sync::oneshot;

use super::{DatabaseUrl, Work, WorkerGuard};
use crate::store::Options;

pub(crate) use self::address::Address;
pub(crate) use self::error::with_source;

use self::link::{Link, Purpose};

/// Connects every worker and starts it; fails when one of them cannot connect.
pub(crate) async fn start(
    url: &DatabaseUrl,
    options: &Options,
    work: &Work,
) -> Result<Vec<JoinHandle<()>>> {
    let address = Arc::new(Address::new(url)?);
    let writers = options.postgres_write_connections.max(1);
    let readers = options.postgres_read_connections.max(1);
    let snapshots = Arc::new(Mutex::new(HashSet::new()));

    let mut threads = Vec::new();
    let mut connected = Vec::new();
    let guards = WorkerGuard::for_workers(&work.writes, writers)
        .into_iter()
        .map(|guard| (Purpose::Write, guard))
        .chain(
            WorkerGuard::for_workers(&work.reads, readers)
                .into_iter()
                .map(|guard| (Purpose::Read, guard)),
        );
    for (number, (purpose, guard)) in guards.enumerate() {
        let (tell, told) = oneshot::channel();
        let (address, options) = (Arc::clone(&address), options.clone());
        let (work, snapshots) = (work.clone(), Arc::clone(&snapshots));
        let body = move || {
            let opened = Link::open(address, purpose, &options, Arc::clone(&work.metrics));
            let link = match opened {
                Ok(link) => link,
                Err(failure) => return drop(tell.send(Err(failure))),
            };
            drop(tell.send(Ok(())));
            match purpose {
                Purpose::Write => writer::run(link, &work, guard),
                Purpose::Read => reader::run(link, &work, &snapshots, guard),
            }
        };
        let thread = std::thread::Builder::new().name(format!("store-postgres-{number}"));
        threads
            .push(thread.spawn(body).map_err(|e| Error::Unavailable(format!("no thread: {e}")))?);
        connected.push(told);
    }
    for told in connected {
        let outcome = told.await.unwrap_or_else(|_| Err(Error::internal("a worker ended")));
        if let Err(failure) = outcome {
            work.writes.close();
            work.reads.close();
            return Err(failure);
        }
    }
    Ok(threads)
}
