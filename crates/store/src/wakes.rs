//! Wakes among the processes of one store: who commits notifications tells the
//! others, so that whoever has room sends them. On PostgreSQL this is NOTIFY, on
//! SQLite there are no others. A wake may be lost: whoever waits for one also
//! looks by itself now and then.

use std::sync::Arc;

use koppeltaal_core::Result;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::engine::DatabaseUrl;
use crate::engine::postgres::Address;
use crate::engine::postgres::listen::{self, Channel};
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

impl Listening {
    pub(crate) fn to(task: JoinHandle<()>) -> Self {
        Self(Some(task))
    }

    pub(crate) fn nothing() -> Self {
        Self(None)
    }
}

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
            return Ok((Wakes(None), Listening::nothing()));
        }
        let address = Address::new(self.url())?;
        let tell = Arc::new(Notify::new());
        let channel = Channel {
            name: "koppeltaal_outbox",
            tell: Arc::clone(&tell),
            payloads: Box::new(|| vec![String::new()]),
            heard: Box::new(move |_| heard()),
        };
        let task = tokio::spawn(listen::run(address, channel));
        Ok((Wakes(Some(tell)), Listening::to(task)))
    }
}
