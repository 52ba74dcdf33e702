//! What is no longer current: deleted resources and replaced versions, for the
//! erasure of everything about a person. No search finds them, so they are walked.

use koppeltaal_core::resource::Body;
use koppeltaal_core::{Error, Result, resource_type};

use super::{COLUMNS, Stored, kind, stored};
use crate::args;
use crate::scope::DomainTx;

/// A version that was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// The key of its resource.
    pub key: i64,
    /// The resource type.
    pub resource_type: &'static str,
    /// Its number.
    pub version: i64,
    /// The content; of a deletion that of the version before.
    pub body: Body,
}

/// At most `limit` deleted resources of this type with a stamp above `after`, in
/// the order of their stamps.
pub fn deleted(
    tx: &mut DomainTx<'_>,
    resource_type: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<Stored>> {
    let Some(kind) = kind(resource_type) else { return Ok(Vec::new()) };
    let sql = format!(
        "SELECT {COLUMNS} FROM resource r{}
         WHERE r.domain = $1 AND r.type = $2 AND r.stamp > $3 AND r.deleted = 1
         ORDER BY r.stamp LIMIT $4",
        tx.dialect().indexed_by("resource_deleted")
    );
    let rows = tx.query(&sql, args![kind.number, after, limit.max(0)])?;
    rows.into_iter().map(stored).collect()
}

/// At most `limit` replaced versions after this one (the key of its resource and
/// its number), in that order.
pub fn replaced(tx: &mut DomainTx<'_>, after: (i64, i64), limit: i64) -> Result<Vec<Replaced>> {
    let rows = tx.query(
        "SELECT resource, type, version, body FROM resource_history
         WHERE domain = $1 AND (resource, version) > ($2, $3) ORDER BY resource, version LIMIT $4",
        args![after.0, after.1, limit.max(0)],
    )?;
    rows.into_iter()
        .map(|mut row| {
            let number = row.int(1)?;
            let resource_type = resource_type::name(number)
                .ok_or_else(|| Error::internal(format!("no type has the number {number}")))?;
            Ok(Replaced {
                key: row.int(0)?,
                resource_type,
                version: row.int(2)?,
                body: Body::of_tail(row.text(3)?),
            })
        })
        .collect()
}

/// Removes a replaced version for good; the numbers of the others stay.
pub fn erase_version(tx: &mut DomainTx<'_>, key: i64, version: i64) -> Result<()> {
    tx.later(
        "DELETE FROM resource_history WHERE domain = $1 AND resource = $2 AND version = $3",
        args![key, version],
    )
}

/// Removes the replaced versions of a resource with a number below `before` for
/// good: what has too many of them to be erased at once.
pub fn erase_versions(tx: &mut DomainTx<'_>, key: i64, before: i64) -> Result<()> {
    tx.later(
        "DELETE FROM resource_history WHERE domain = $1 AND resource = $2 AND version < $3",
        args![key, before],
    )
}
