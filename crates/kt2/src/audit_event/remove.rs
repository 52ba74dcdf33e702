//! The switch of domains for tests: a suite takes away the AuditEvents that it made.

use koppeltaal_core::{Result, Timestamp};
use koppeltaal_store::audit::{self, Removal};
use koppeltaal_store::{DomainTx, Ids};

use super::KIND;
use super::read::read;

/// Removes an event; its id is known to be gone from then on. False when there is none.
pub fn remove(tx: &mut DomainTx<'_>, ids: &Ids, id: &str, now: Timestamp) -> Result<bool> {
    let Some(event) = read(tx, id)?.filter(|event| !event.deleted) else { return Ok(false) };
    debug_assert_eq!(event.resource_type, KIND, "events are of this type");
    let removal = Removal {
        at: now,
        stamp: ids.key(now),
        origin: event.origin,
        content: event.body.tail().to_owned(),
    };
    audit::remove_event(tx, id, &removal)
}
