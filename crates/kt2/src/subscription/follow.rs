//! Follows the changes of subscriptions that other processes made, so that writers
//! find little that they have not seen.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use koppeltaal_core::Result;
use koppeltaal_core::directory::Directory;
use koppeltaal_store::{Store, subscription};
use tokio::sync::watch;
use tokio::time::sleep;

use super::{OfDomain, Subscriptions, page};

/// How often changes are looked for.
const FOLLOW: Duration = Duration::from_millis(500);

/// Follows the subscriptions of the domains that were read. Runs until dropped.
pub async fn follow(
    subscriptions: Subscriptions,
    store: Store,
    directory: watch::Receiver<Arc<Directory>>,
) {
    let mut is_failing = false;
    loop {
        sleep(FOLLOW).await;
        let now = directory.borrow().clone();
        match subscriptions.catch_up(&store, &now).await {
            Ok(()) => is_failing = false,
            Err(error) => {
                if !is_failing {
                    tracing::warn!(%error, "subscriptions cannot be followed; each write looks for itself");
                }
                is_failing = true;
            }
        }
    }
}

impl Subscriptions {
    /// Reads what has changed.
    async fn catch_up(&self, store: &Store, directory: &Directory) -> Result<()> {
        let counters = store.read(subscription::counters).await?;
        for domain in directory.domains() {
            let own = self.known(domain.number);
            let Some(own) = own else { continue };
            let counter = counters.get(&domain.number).copied().unwrap_or_default();
            while let Some(known) = own.look(|registry| registry.counter)
                && known < counter
            {
                match page(store, domain, known).await? {
                    Some(changes) => own.learn(&changes, 0),
                    // What changed last is forgotten by now.
                    None => own.learn(&[], counter),
                }
            }
        }
        Ok(())
    }

    fn known(&self, domain: i64) -> Option<Arc<OfDomain>> {
        self.0.domains.read().unwrap_or_else(PoisonError::into_inner).get(&domain).cloned()
    }
}
