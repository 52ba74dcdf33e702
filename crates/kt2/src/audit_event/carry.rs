//! AuditEvents that an earlier release kept among the resources are carried over to
//! the trail, once, when a server starts.

use std::sync::Arc;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::Domain;
use koppeltaal_core::{Result, Timestamp};
use koppeltaal_fhir::json;
use koppeltaal_store::resource;
use koppeltaal_store::{Ids, Store, audit};

use super::KIND;
use super::create::entry_of;

/// Events that are carried over in one transaction.
const AT_ONCE: i64 = 200;

/// Carries over what a domain has; how many that were. They keep their ids. Those that
/// were deleted are gone.
pub async fn carry(store: &Store, ids: &Arc<Ids>, domain: &Domain, now: Timestamp) -> Result<u64> {
    let scope = store.scope(domain);
    let mut carried = 0;
    loop {
        let ids = ids.clone();
        let some = scope
            .write(move |tx| {
                let found = resource::of_type(tx, KIND, 0, AT_ONCE)?;
                let mut entries = Vec::with_capacity(found.len());
                for event in &found {
                    if let Ok(node) = json::parse(event.render().as_bytes()) {
                        let entry = Entry::new(Action::Report, now, "carried over");
                        entries.push(entry_of(&node, Some(event.id.clone()), entry));
                    }
                    resource::erase(tx, KIND, &event.id)?;
                }
                audit::append(tx, &ids, &entries)?;
                Ok(found.len())
            })
            .await?;
        if some == 0 {
            return Ok(carried);
        }
        carried += some as u64;
    }
}
