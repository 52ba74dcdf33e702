//! Ends claims that timed out, every second, in every domain. Several processes
//! may do it at once: a row is locked by the one that ends its claim.

use std::time::Duration;

use koppeltaal_core::Result;
use koppeltaal_core::directory::Domain;
use koppeltaal_store::mailbox;

use super::JobSettings;

const INTERVAL: Duration = Duration::from_secs(1);

pub(super) async fn keep_ending_claims(settings: JobSettings) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let directory = settings.directory.borrow().clone();
        for domain in directory.domains() {
            if let Err(error) = end_claims(&settings, domain).await {
                tracing::warn!(domain = domain.name, %error, "timed-out claims could not be ended");
            }
        }
    }
}

async fn end_claims(settings: &JobSettings, domain: &Domain) -> Result<()> {
    let scope = settings.store.scope(domain);
    loop {
        let now = settings.clock.now();
        // The writer is only disturbed when there is something to end.
        if !scope.read(move |tx| mailbox::has_lapsed(tx, now)).await? {
            return Ok(());
        }
        let ids = settings.ids.clone();
        let ended = scope.write(move |tx| mailbox::lapse(tx, &ids, now, None)).await?;
        if ended.renewed + ended.exceeded == 0 {
            return Ok(());
        }
        tracing::info!(
            domain = domain.name,
            renewed = ended.renewed,
            exceeded = ended.exceeded,
            "claims timed out"
        );
    }
}
