//! Subscriptions whose rows are missing or tell of another version: of a store that
//! is older than they are, or in which they were put otherwise.

use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_fhir::json;
use koppeltaal_store::resource::{self, Stored};
use koppeltaal_store::{Store, subscription};

use super::content::Draft;

/// Subscriptions that are read at a time.
const AT_ONCE: i64 = 200;

/// Writes what is missing, in every domain. Costs a walk through the Subscriptions.
pub async fn fill(store: &Store, directory: &Directory, now: Timestamp) -> Result<()> {
    for domain in directory.domains() {
        fill_domain(store, directory, domain, now).await?;
    }
    Ok(())
}

async fn fill_domain(
    store: &Store,
    directory: &Directory,
    domain: &Domain,
    now: Timestamp,
) -> Result<()> {
    let scope = store.scope(domain);
    let known = scope.read(subscription::versions).await?;
    let mut after = 0;
    loop {
        let page =
            scope.read(move |tx| resource::of_type(tx, "Subscription", after, AT_ONCE)).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.stamp;
        let mut missing: Vec<(Stored, Draft)> = Vec::new();
        for stored in page {
            if known.get(&stored.key) == Some(&stored.version) {
                continue;
            }
            let node = json::parse(stored.render().as_bytes()).map_err(Error::internal)?;
            let draft = Draft::of(&node, &stored.origin, directory, domain.number);
            missing.push((stored, draft));
        }
        if missing.is_empty() {
            continue;
        }
        scope
            .write(move |tx| {
                for (stored, draft) in &missing {
                    let current = resource::locked(tx, "Subscription", &stored.id)?;
                    // Whoever changed it meanwhile has written its row.
                    if current.is_some_and(|current| current.stamp == stored.stamp) {
                        draft.put(tx, stored, now)?;
                    }
                }
                Ok(())
            })
            .await?;
    }
}
