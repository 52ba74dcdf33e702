//! A StorageItem replaced by its next version.

use koppeltaal_core::audit::Entry;
use koppeltaal_core::version::Stamp;
use koppeltaal_core::{Error, Result, Timestamp};

use super::usage::{self, Usage};
use super::{Change, Owner, Refusal, is_duplicate, lock};
use crate::ids::Ids;
use crate::scope::DomainTx;
use crate::{args, audit};

/// Replaces the item with the number of the draft, changed at `now`, and tells its version.
/// `version` is the one its sender knows, if it says so.
pub fn update(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    now: Timestamp,
    owner: &Owner,
    version: Option<&str>,
    change: &Change,
) -> Result<Result<Stamp, Refusal>> {
    let draft = &change.draft;
    usage::lock(tx, owner.application, &draft.patient)?;
    let Some(known) = lock(tx, owner, draft.id)? else { return Ok(Err(Refusal::Unknown)) };
    if known.patient != draft.patient {
        return Ok(Err(Refusal::OtherPatient));
    }
    if version.is_some_and(|version| version != known.stamp.to_string()) {
        return Ok(Err(Refusal::VersionConflict(known.stamp)));
    }
    if is_duplicate(tx, draft)? {
        return Ok(Err(Refusal::Duplicate));
    }
    let added = Usage { items: 0, bytes: draft.size - known.size };
    usage::add_to_patient(tx, draft, added, change.limits)?;
    let stamp = ids.stamp(now, Some(known.stamp));
    let updated = tx.execute(
        "UPDATE storage_item SET object_type = $3, object_key = $4, size = $5, stamp = $6,
           changed = $7, content = $8
         WHERE domain = $1 AND id = $2",
        args![
            draft.id,
            &draft.object_type,
            &draft.object_key,
            draft.size,
            stamp.0,
            now,
            &draft.content
        ],
    );
    match updated {
        // Somebody else took the key at the same moment: look again.
        Err(Error::Conflict(taken)) => return Err(Error::Retry(taken)),
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    let entry = Entry { version: Some(stamp.to_string()), ..change.audit.clone() };
    audit::append(tx, ids, &[entry])?;
    usage::add_to_domain(tx, added, change.limits.domain_bytes)?;
    Ok(Ok(stamp))
}
