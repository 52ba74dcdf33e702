//! history of an instance: its versions, newest first, a page at a time.

use koppeltaal_core::resource::Body;
use koppeltaal_core::{Result, Timestamp};

use super::{Stored, kind, read};
use crate::args;
use crate::scope::DomainTx;

/// At most `limit` versions below `before_version` (from the newest on when
/// absent), newest first, deletions too. Empty: the domain has no such resource,
/// or no such versions.
pub fn history(
    tx: &mut DomainTx<'_>,
    resource_type: &str,
    id: &str,
    before_version: Option<i64>,
    limit: i64,
) -> Result<Vec<Stored>> {
    let Some(current) = read(tx, resource_type, id)? else { return Ok(Vec::new()) };
    let before = before_version.unwrap_or(i64::MAX);
    let mut versions = Vec::new();
    let mut left = limit.max(0);
    if left > 0 && current.version < before {
        versions.push(current.clone());
        left -= 1;
    }
    let rows = tx.query(
        "SELECT version, updated, deleted, body, stamp FROM resource_history
         WHERE domain = $1 AND resource = $2 AND version < $3 ORDER BY version DESC LIMIT $4",
        args![current.key, before.min(current.version), left],
    )?;
    for mut row in rows {
        versions.push(Stored {
            version: row.int(0)?,
            updated: Timestamp(row.int(1)?),
            deleted: row.int(2)? != 0,
            body: Body::of_tail(row.text(3)?),
            stamp: row.int(4)?,
            ..current.clone()
        });
    }
    Ok(versions)
}

/// How many versions there are; 0 when the domain has no such resource.
pub fn history_count(tx: &mut DomainTx<'_>, resource_type: &str, id: &str) -> Result<i64> {
    let Some(kind) = kind(resource_type) else { return Ok(0) };
    // They are numbered from 1 without gaps.
    let row = tx.query_one(
        "SELECT version FROM resource WHERE domain = $1 AND type = $2 AND id = $3",
        args![kind.number, id],
    )?;
    row.map_or(Ok(0), |row| row.int(0))
}
