//! What KT1 does by itself: ending claims that timed out, and removing bodies and
//! launches whose time is over.

mod erase;
mod lapse;
mod lease;
mod request_log;
mod retention;

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::Clock;
use koppeltaal_core::directory::Directory;
use koppeltaal_core::retention::Limits;
use koppeltaal_store::{Ids, Store};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::sso::keep_forgetting;

pub use erase::erase;
pub use retention::{RetentionReport, run_retention};

/// What the jobs work with.
#[derive(Clone)]
pub struct JobSettings {
    /// The store.
    pub store: Store,
    /// The keys of this process.
    pub ids: Arc<Ids>,
    /// The directory.
    pub directory: watch::Receiver<Arc<Directory>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// When bodies go.
    pub retention: Limits,
    /// How often the retention job runs.
    pub retention_interval: Duration,
}

/// How long a transaction in progress may take to end at shutdown.
const PATIENCE: Duration = Duration::from_secs(10);

/// The running jobs; dropping them cuts them off, and a run of the retention job
/// then keeps its lease until that lapses.
pub struct Jobs {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Jobs {
    /// Starts the jobs.
    pub fn start(settings: JobSettings) -> Self {
        let mut tasks = JoinSet::new();
        let (stop, stopping) = watch::channel(false);
        let (ending, mut until) = (settings.clone(), stopping.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = lapse::keep_ending_claims(ending) => {}
                () = stopped(&mut until) => {}
            }
        });
        let (forgetting, mut until) = (settings.clone(), stopping.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = keep_forgetting(forgetting) => {}
                () = stopped(&mut until) => {}
            }
        });
        tasks.spawn(request_log::keep_removing(settings.clone(), stopping.clone()));
        tasks.spawn(retention::keep_removing(settings, stopping));
        Self { tasks, stop }
    }

    /// Ends the jobs between two transactions; a run of the retention job that
    /// is in progress gives its lease back.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(PATIENCE, ended).await.is_err() {
            tracing::warn!("a job did not end in time and was cut");
        }
        self.tasks.shutdown().await;
    }
}

/// Returns when the jobs have to end.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error says that nobody is left to stop them: they are being dropped.
    let _ = stop.wait_for(|stop| *stop).await;
}
