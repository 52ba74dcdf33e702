//! What the mailbox does by itself: ending claims that timed out, and removing
//! bodies whose time is over.

mod erase;
mod lapse;
mod retention;

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::Clock;
use koppeltaal_core::directory::Directory;
use koppeltaal_core::retention::Limits;
use koppeltaal_store::{Ids, Store};
use tokio::sync::watch;
use tokio::task::JoinSet;

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

/// The running jobs; dropping them stops them between two transactions.
pub struct Jobs {
    _tasks: JoinSet<()>,
}

impl Jobs {
    /// Starts the jobs.
    pub fn start(settings: JobSettings) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(lapse::keep_ending_claims(settings.clone()));
        tasks.spawn(retention::keep_removing(settings));
        Self { _tasks: tasks }
    }
}
