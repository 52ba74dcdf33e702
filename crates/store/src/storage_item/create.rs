//! A new StorageItem.

use koppeltaal_core::audit::Entry;
use koppeltaal_core::version::Stamp;
use koppeltaal_core::{Result, Timestamp};

use super::usage::{self, Usage};
use super::{Change, Refusal, is_duplicate};
use crate::ids::Ids;
use crate::scope::DomainTx;
use crate::tx::{ColumnType, OnConflict, Table};
use crate::{audit, row};

const TABLE: Table = Table {
    name: "storage_item",
    columns: &[
        ("domain", ColumnType::Int),
        ("id", ColumnType::Int),
        ("application", ColumnType::Int),
        ("patient", ColumnType::Text),
        ("object_type", ColumnType::Text),
        ("object_key", ColumnType::Text),
        ("size", ColumnType::Int),
        ("stamp", ColumnType::Int),
        ("created", ColumnType::Int),
        ("changed", ColumnType::Int),
        ("content", ColumnType::Bytes),
    ],
    key: &["domain", "id"],
    // Somebody else took the key at the same moment: look again.
    on_conflict: OnConflict::Retry,
};

/// Keeps a new item, changed at `now`, and tells its version.
pub fn create(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    now: Timestamp,
    change: &Change,
) -> Result<Result<Stamp, Refusal>> {
    let draft = &change.draft;
    if is_duplicate(tx, draft)? {
        return Ok(Err(Refusal::Duplicate));
    }
    let added = Usage { items: 1, bytes: draft.size };
    usage::add_to_patient(tx, draft, added, change.limits)?;
    let stamp = ids.stamp(now, None);
    tx.insert_many(
        &TABLE,
        &[row![
            tx.domain(),
            draft.id,
            draft.application,
            draft.patient.as_str(),
            draft.object_type.as_str(),
            draft.object_key.as_str(),
            draft.size,
            stamp.0,
            now,
            now,
            draft.content.clone()
        ]],
    )?;
    let entry = Entry { version: Some(stamp.to_string()), ..change.audit.clone() };
    audit::append(tx, ids, &[entry])?;
    usage::add_to_domain(tx, added, change.limits.domain_bytes)?;
    Ok(Ok(stamp))
}
