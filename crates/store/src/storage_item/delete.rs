//! A StorageItem removed at the wish of its application.

use koppeltaal_core::Result;
use koppeltaal_core::audit::Entry;

use super::usage::{self, Usage};
use super::{Owner, Refusal, lock};
use crate::ids::Ids;
use crate::scope::DomainTx;
use crate::{args, audit};

/// Removes the item. Nothing of it stays but the audit row.
pub fn delete(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    owner: &Owner,
    id: i64,
    audit: &Entry,
) -> Result<Result<(), Refusal>> {
    let patient = tx
        .query_one(
            "SELECT patient FROM storage_item WHERE domain = $1 AND id = $2 AND application = $3",
            args![id, owner.application],
        )?
        .map(|mut row| row.text(0))
        .transpose()?;
    let Some(patient) = patient else { return Ok(Err(Refusal::Unknown)) };
    if owner.patient.as_ref().is_some_and(|only| *only != patient) {
        return Ok(Err(Refusal::Unknown));
    }
    usage::lock(tx, owner.application, &patient)?;
    let Some(known) = lock(tx, owner, id)? else { return Ok(Err(Refusal::Unknown)) };
    let removed = Usage { items: 1, bytes: known.size };
    usage::remove_from_patient(tx, owner.application, &patient, removed)?;
    tx.later("DELETE FROM storage_item WHERE domain = $1 AND id = $2", args![id])?;
    let entry =
        Entry { patient: Some(patient), version: Some(known.stamp.to_string()), ..audit.clone() };
    audit::append(tx, ids, &[entry])?;
    usage::add_to_domain(tx, Usage { items: -1, bytes: -known.size }, None)?;
    Ok(Ok(()))
}
