//! Live notifications: the hub of classic ASP.NET SignalR 2.x below `/signalr`
//! (spec 7.2). A connection that has called StartPush is told `NewMessage` when its
//! instance has something to claim; that is all it is ever told.
//!
//! | file | what |
//! |---|---|
//! | `routes` | from a request to its call: who, which connection, which answer |
//! | `parameters` | the query and form of a request, and credentials in them |
//! | `negotiate`, `proxy` | how a client begins: settings, and the generated script |
//! | `token`, `cursor` | what a client gives back: its connection, and its place |
//! | `websocket`, `server_sent_events`, `long_polling` | the transports |
//! | `invoke`, `send` | what a client calls, and calling by a request of its own |
//! | `live`, `registry` | the connections of this process |
//! | `speaker` | what a connection says next, and when |
//! | `waiting` | what waits in a mailbox |
//! | `run` | the loop: arrivals of this process and of others, and all that may end a connection |
//!
//! Nothing of a connection is kept but while it is open. Its token is verified by any
//! process, before and after a restart, and the message ids that a client sends back
//! when it reconnects tell that it had called StartPush. Whether something waits is
//! asked of the mailbox, so that no knowledge can be lost.

mod arrival;
mod cors;
mod cursor;
mod frame;
mod invoke;
mod live;
mod long_polling;
mod negotiate;
mod parameters;
mod proxy;
mod registry;
mod routes;
mod run;
mod send;
mod server_sent_events;
mod speaker;
mod token;
mod waiting;
mod websocket;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use koppeltaal_store::Notes;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{Notify, watch};

pub(crate) use arrival::{Arrival, Arrivals};
pub use frame::Body;
pub use routes::{handle_hub, is_hub_path};
pub use run::{run_hub, stop_hub};

use registry::Registry;

/// The name of the one hub; clients may write it in any case.
const NAME: &str = "KoppeltaalHub";

/// What an operator sets for the hub.
#[derive(Debug, Clone, Copy)]
pub struct HubSettings {
    /// How often something is sent over a connection that is silent.
    pub keep_alive: Duration,
    /// Connections of one instance at this process.
    pub connections: usize,
    /// Seals the tokens of connections.
    pub key: [u8; 32],
}

impl HubSettings {
    /// After how long without anything a client doubts the connection.
    fn keep_alive_timeout(&self) -> Duration {
        self.keep_alive * 2
    }

    /// How long a client goes on trying to reconnect.
    fn disconnect_timeout(&self) -> Duration {
        self.keep_alive * 3
    }

    /// How long a poll is held.
    fn poll(&self) -> Duration {
        self.keep_alive * 11
    }
}

/// The connections of this process.
pub(crate) struct Hub {
    pub(crate) settings: HubSettings,
    registry: Arc<Registry>,
    arrivals: Mutex<Arrivals>,
    arrived: Notify,
    /// Where other processes are told, once the hub runs.
    others: Mutex<Option<Notes>>,
    /// Whether other processes want to know what arrived.
    tells_others: AtomicBool,
    stop: watch::Sender<bool>,
}

impl Hub {
    pub(crate) fn new(settings: HubSettings, connections: Gauge) -> Self {
        Self {
            settings,
            registry: Arc::new(Registry::new(connections)),
            arrivals: Mutex::default(),
            arrived: Notify::new(),
            others: Mutex::default(),
            tells_others: AtomicBool::new(true),
            stop: watch::Sender::new(false),
        }
    }

    /// Tells that copies of a message were committed. Cheap; never waits.
    pub(crate) fn arrived(&self, arrivals: impl IntoIterator<Item = Arrival>) {
        if !self.tells_others.load(Ordering::Relaxed) && self.registry.count() == 0 {
            return;
        }
        let mut waiting = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals.into_iter().for_each(|arrival| waiting.add(arrival));
        drop(waiting);
        self.arrived.notify_one();
    }

    /// How many connections are open.
    pub(crate) fn connections(&self) -> usize {
        self.registry.count()
    }

    fn others(&self) -> Option<Notes> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }
}
