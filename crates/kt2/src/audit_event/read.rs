//! An AuditEvent by its id. One that was removed, where a domain for tests allows
//! it, reads as deleted: a second version says so.

use koppeltaal_core::Result;
use koppeltaal_core::resource::Body;
use koppeltaal_store::DomainTx;
use koppeltaal_store::audit::{self, Removed};
use koppeltaal_store::resource::Stored;

use super::KIND;
use super::row::stored;

/// The current version; of a removed one the deletion. `None`: the domain has no such
/// event.
pub fn read(tx: &mut DomainTx<'_>, id: &str) -> Result<Option<Stored>> {
    if let Some(row) = audit::event(tx, id)? {
        return Ok(Some(stored(&row)));
    }
    Ok(audit::removed(tx, id)?.map(|removed| deletion(id, removed)))
}

fn deletion(id: &str, removed: Removed) -> Stored {
    Stored {
        key: removed.key,
        stamp: removed.removal.stamp,
        resource_type: KIND,
        id: id.to_owned(),
        version: 2,
        updated: removed.removal.at,
        deleted: true,
        origin: removed.removal.origin,
        body: Body::of_tail(removed.removal.content),
    }
}

/// One of its versions, given the current one.
pub fn version_of(current: Stored, version: i64) -> Option<Stored> {
    match version {
        1 if current.deleted => Some(first(&current)),
        version => (version == current.version).then_some(current),
    }
}

/// The version before the deletion.
pub fn first(deletion: &Stored) -> Stored {
    Stored {
        stamp: deletion.key,
        version: 1,
        updated: koppeltaal_core::id::time_of_key(deletion.key),
        deleted: false,
        ..deletion.clone()
    }
}
