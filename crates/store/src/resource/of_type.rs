//! All resources of a type, in the order of their changes: whoever reads on gets
//! what changed meanwhile again, and misses nothing.

use koppeltaal_core::Result;

use super::{COLUMNS, Stored, kind, stored};
use crate::args;
use crate::scope::DomainTx;

/// At most `limit` current versions whose stamp is greater than `after`, those of
/// deleted resources left out.
pub fn of_type(
    tx: &mut DomainTx<'_>,
    resource_type: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<Stored>> {
    let Some(kind) = kind(resource_type) else { return Ok(Vec::new()) };
    let sql = format!(
        "SELECT {COLUMNS} FROM resource r{}
         WHERE r.domain = $1 AND r.type = $2 AND r.stamp > $3 AND r.deleted = 0
         ORDER BY r.stamp LIMIT $4",
        tx.dialect().indexed_by("resource_stamp")
    );
    tx.query(&sql, args![kind.number, after, limit])?.into_iter().map(stored).collect()
}
