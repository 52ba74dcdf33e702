//! Forgets launches, codes and tokens whose time is over, a few at a time. Several
//! processes may do it at once: each leaves to the others what they have.

use std::time::Duration;

use koppeltaal_core::Result;
use koppeltaal_store::sso;

use crate::jobs::JobSettings;

const INTERVAL: Duration = Duration::from_secs(300);
const AT_ONCE: i64 = 500;

/// Runs for as long as the server does.
pub(crate) async fn keep_forgetting(settings: JobSettings) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = forget(&settings).await {
            tracing::warn!(%error, "launches that are over could not be removed");
        }
    }
}

async fn forget(settings: &JobSettings) -> Result<()> {
    loop {
        let now = settings.clock.now();
        let forgotten =
            settings.store.write(move |tx| sso::forget_expired(tx, now, AT_ONCE)).await?;
        if forgotten == 0 {
            return Ok(());
        }
        tracing::debug!(forgotten, "launches, codes and tokens that are over were removed");
    }
}
