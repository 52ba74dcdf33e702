//! Keeps the audit trail: its tables are made before their month begins, its rows
//! are sealed, and what is too old leaves.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::{Clock, Result, Timestamp};
use koppeltaal_store::audit::{self, TrailKey};
use koppeltaal_store::{Ids, Store};

/// How often to look.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long a row waits for its seal: a seal for every row would cost as much as the
/// rows.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often to look for months whose time is over.
const REMOVAL: Duration = Duration::from_secs(300);

/// What the trail is kept with.
pub(super) struct Keeper {
    pub(super) store: Store,
    pub(super) ids: Arc<Ids>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) key: TrailKey,
    /// How long rows stay; zero: for ever.
    pub(super) keep: Duration,
}

impl Keeper {
    /// What has to be done before the first request.
    pub(super) async fn prepare(&self) -> Result<()> {
        audit::follow(&self.store, &self.ids).await?;
        audit::make_ahead(&self.store, &self.ids, self.clock.now()).await?;
        audit::add_keys(&self.store).await
    }

    /// Runs for as long as the server does. Every process does; the lease in the store
    /// lets one of them seal.
    pub(super) async fn keep(self) {
        let mut removal_due = Timestamp::default();
        let mut is_failing = false;
        loop {
            tokio::time::sleep(INTERVAL).await;
            match self.once(&mut removal_due).await {
                Ok(()) => is_failing = false,
                Err(error) if !is_failing => {
                    is_failing = true;
                    tracing::warn!(%error, "the audit trail is not sealed; trying again");
                }
                Err(_) => {}
            }
        }
    }

    async fn once(&self, removal_due: &mut Timestamp) -> Result<()> {
        let now = self.clock.now();
        audit::make_ahead(&self.store, &self.ids, now).await?;
        let clock = self.clock.as_ref();
        audit::seal(&self.store, &self.ids, &self.key, clock, PATIENCE).await?;
        if !self.keep.is_zero() && now >= *removal_due {
            audit::remove_old(&self.store, &self.ids, &self.key, self.keep, now).await?;
            *removal_due = now.plus(REMOVAL);
        }
        Ok(())
    }
}
