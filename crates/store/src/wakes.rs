//! Wakes among the processes of one store: who commits notifications tells the
//! others, so that whoever has room sends them. On PostgreSQL this is NOTIFY, on
//! SQLite there are no others. A wake may be lost: whoever waits for one also
//! looks by itself now and then.

use std::sync::Arc;

use koppeltaal_core::Result;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::engine::DatabaseUrl;
use crate::engine::postgres::{Address, listen};
use crate::store::Store;

/// Tells the other processes; clones share it. Cheap, never waits: many calls
/// become one message, which travels apart from any transaction.
#[derive(Debug, Clone)]
pub struct Wakes(Option<Arc<Notify>>);

impl Wakes {
    /// Tells that something was committed.
    pub fn tell(&self) {
        if let Some(notify) = &self.0 {
            notify.notify_one();
        }
    }
}

/// Hears the other processes until it is dropped.
#[derive(Debug)]
pub struct Listening(Option<JoinHandle<()>>);

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

impl Store {
    /// Calls `heard` for each wake of another process, and after a time in which
    /// wakes may have been missed. Keeps a connection of its own, opened again when
    /// it is lost, on the runtime of the caller.
    pub fn wakes(&self, heard: impl Fn() + Send + Sync + 'static) -> Result<(Wakes, Listening)> {
        if !matches!(self.url(), DatabaseUrl::Postgres(_)) {
            return Ok((Wakes(None), Listening(None)));
        }
        let address = Address::new(self.url())?;
        let tell = Arc::new(Notify::new());
        let task = tokio::spawn(listen::run(address, Arc::clone(&tell), Arc::new(heard)));
        Ok((Wakes(Some(tell)), Listening(Some(task))))
    }
}
