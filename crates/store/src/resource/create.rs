//! create: the first version of a resource.

use koppeltaal_core::id::time_of_key;
use koppeltaal_core::resource::Body;
use koppeltaal_core::{Error, Result, Timestamp, resource_type};

use super::{Indexed, Stored, index};
use crate::ids::Ids;
use crate::row;
use crate::scope::DomainTx;
use crate::tx::{ColumnType, OnConflict, Table};

/// A resource to create.
#[derive(Debug, Clone, Copy)]
pub struct New<'a> {
    /// Its type.
    pub resource_type: &'a str,
    /// Its logical id, unique for its type in the domain.
    pub id: &'a str,
    /// The id of the Device it comes from.
    pub origin: &'a str,
    /// Its content.
    pub body: &'a Body,
    /// What it is found by.
    pub indexed: &'a Indexed,
}

/// A resource type and its number in the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) number: i64,
    pub(crate) name: &'static str,
}

/// The resource type with this name, if FHIR has one.
pub(crate) fn kind(name: &str) -> Option<Kind> {
    let number = resource_type::number(name)?;
    resource_type::name(number).map(|name| Kind { number, name })
}

const COLUMNS: &[(&str, ColumnType)] = &[
    ("domain", ColumnType::Int),
    ("key", ColumnType::Int),
    ("type", ColumnType::Int),
    ("id", ColumnType::Text),
    ("version", ColumnType::Int),
    ("updated", ColumnType::Int),
    ("deleted", ColumnType::Int),
    ("origin", ColumnType::Text),
    ("body", ColumnType::Text),
    ("stamp", ColumnType::Int),
];
const KEY: &[&str] = &["domain", "key"];

const NEW: Table =
    Table { name: "resource", columns: COLUMNS, key: KEY, on_conflict: OnConflict::Refuse };
const NEW_OR_RETRY: Table =
    Table { name: "resource", columns: COLUMNS, key: KEY, on_conflict: OnConflict::Retry };

/// Stores the first version. Fails with [`Error::Conflict`], and the transaction
/// with it, when the domain has a resource of this type and id, deleted or not.
pub fn create(tx: &mut DomainTx<'_>, ids: &Ids, new: &New<'_>, now: Timestamp) -> Result<Stored> {
    insert(tx, ids, &NEW, new, now)
}

/// [`create`] for a caller that has seen that there is no such resource: when
/// another transaction was faster, the closure looks again.
pub(crate) fn create_or_retry(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    new: &New<'_>,
    now: Timestamp,
) -> Result<Stored> {
    insert(tx, ids, &NEW_OR_RETRY, new, now)
}

fn insert(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    table: &Table,
    new: &New<'_>,
    now: Timestamp,
) -> Result<Stored> {
    let kind = kind(new.resource_type).ok_or_else(|| {
        Error::Invalid(format!("`{}` is no resource type of FHIR R4", new.resource_type))
    })?;
    let stamp = ids.key(now);
    let stored = Stored {
        key: stamp,
        stamp,
        resource_type: kind.name,
        id: new.id.to_owned(),
        version: 1,
        updated: time_of_key(stamp),
        deleted: false,
        origin: new.origin.to_owned(),
        body: new.body.clone(),
    };
    let row = row![
        tx.domain(),
        stored.key,
        kind.number,
        new.id,
        stored.version,
        stored.updated,
        stored.deleted,
        new.origin,
        new.body.tail(),
        stored.stamp
    ];
    tx.insert_many(table, &[row])?;
    index::insert(tx, stamp, new.indexed)?;
    Ok(stored)
}
