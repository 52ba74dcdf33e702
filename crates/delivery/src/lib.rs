//! Notifications out of the durable outbox: leases, attempts, retries, dead
//! letters. A notification is a hint without content (a webhook of Koppeltaal 1.3,
//! a rest-hook of 2.0); it is sent at least once, and one endpoint never holds up
//! another. Rest-hooks of one subscription keep their order.
//!
//! | file | what |
//! |---|---|
//! | `worker` | the loop: look, lease, send, record |
//! | `circuit` | when something that is called has to be spared |
//! | `lane` | how hard one instance may be called with webhooks |
//! | `queues` | the lanes of rest-hooks, which keep their order, and their endpoints |
//! | `webhook` | what a webhook request says, from the directory of the moment |
//! | `rest_hook` | what a rest-hook says, and whether its subscriber may have it |
//! | `call` | one HTTP exchange and what went wrong in it |
//! | `mail` | mails out of an outbox of their own, by SMTP |
//! | `transmit` | the AuditEvent of an attempt at a rest-hook |
//!
//! Which addresses may be called at all is the business of `outbound`.

mod call;
mod circuit;
mod lane;
mod mail;
mod metrics;
pub mod probe;
mod queues;
mod rest_hook;
mod retry_after;
mod settings;
mod transmit;
mod webhook;
mod worker;

use std::fmt;
use std::sync::Arc;

use koppeltaal_core::directory::{Directory, Secret};
use koppeltaal_core::{Clock, Result};
use koppeltaal_store::{Ids, Listening, Store, Wakes};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;

pub use mail::{MailDeps, MailSettings, Mailer};
pub use metrics::Snapshot;
pub use settings::Settings;

use metrics::Metrics;
use worker::Worker;

/// Opens a sealed header value (the seal itself belongs to the authorization).
pub type OpenSecret = Arc<dyn Fn(&Secret) -> Result<String> + Send + Sync>;

/// Gives a number from 0 to 1 that spreads a retry.
pub type Jitter = Arc<dyn Fn() -> f64 + Send + Sync>;

/// What a delivery works with.
#[derive(Clone)]
pub struct Deps {
    /// Where the outbox is.
    pub store: Store,
    /// The directory of the moment: endpoints are looked up when they are called.
    pub directory: watch::Receiver<Arc<Directory>>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Gives the keys of audit rows.
    pub ids: Arc<Ids>,
    /// Opens the values of custom headers.
    pub open: OpenSecret,
    /// Spreads the retries; [`random_jitter`] outside tests.
    pub jitter: Jitter,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").field("store", &self.store).finish_non_exhaustive()
    }
}

/// A jitter from the generator of the thread.
pub fn random_jitter() -> Jitter {
    Arc::new(rand::random::<f64>)
}

/// A running delivery. Dropping it stops it without waiting; its leases then
/// end by themselves.
#[derive(Debug)]
pub struct Delivery {
    waker: Waker,
    /// Other processes are heard as long as this one delivers.
    _listening: Listening,
    metrics: Arc<Metrics>,
    /// Sent or dropped: both mean stop.
    stop: oneshot::Sender<()>,
    worker: JoinHandle<()>,
}

impl Delivery {
    /// Starts the worker on the runtime of the caller. It begins with what an
    /// earlier process left behind. Fails when the extra trust anchors cannot
    /// be read.
    pub fn start(deps: Deps, settings: Settings) -> Result<Self> {
        let wake = Arc::new(Notify::new());
        let own = Arc::clone(&wake);
        let (others, listening) = deps.store.wakes(move || own.notify_one())?;
        let waker = Waker { own: wake, others };
        let metrics = Arc::<Metrics>::default();
        let (stop, stopped) = oneshot::channel();
        let worker = Worker::new(deps, settings, Arc::clone(&waker.own), Arc::clone(&metrics))?;
        let worker = tokio::spawn(worker.run(stopped));
        Ok(Self { waker, _listening: listening, metrics, stop, worker })
    }

    /// Tells that a commit announced something. Cheap; many calls make one look.
    pub fn wake(&self) {
        self.waker.wake();
    }

    /// A handle that only wakes, for whoever commits announcements.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// What was done so far.
    pub fn metrics(&self) -> Snapshot {
        self.metrics.snapshot()
    }

    /// A handle to the counters that outlives the delivery.
    pub fn counters(&self) -> Counters {
        Counters(Arc::clone(&self.metrics))
    }

    /// Takes nothing more, lets requests in flight end (for the grace of the
    /// settings), records them, and gives back what was leased and not sent.
    pub async fn shutdown(self) {
        let Self { stop, worker, .. } = self;
        // The worker being gone already is as good as stopped.
        let _ = stop.send(());
        if let Err(failure) = worker.await {
            tracing::error!(error = %failure, "the delivery of notifications ended badly");
        }
    }
}

/// Wakes a delivery, and those of other processes on the same store; clones share
/// it.
#[derive(Debug, Clone)]
pub struct Waker {
    own: Arc<Notify>,
    others: Wakes,
}

impl Waker {
    /// Tells that a commit announced something.
    pub fn wake(&self) {
        self.own.notify_one();
        self.others.tell();
    }
}

/// Reads the counters of a delivery; clones share it.
#[derive(Debug, Clone)]
pub struct Counters(Arc<Metrics>);

impl Counters {
    /// What was done so far.
    pub fn snapshot(&self) -> Snapshot {
        self.0.snapshot()
    }
}
