//! history of an instance: its versions, newest first, a page at a time.

use koppeltaal_core::resource::Body;
use koppeltaal_core::{Result, Timestamp};

use super::{Stored, read};
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

/// The number of the first version that was made at this time or later (of the
/// first of all when absent), and how many there are from it on. An erase may have
/// taken versions, so numbers have gaps.
pub fn versions_since(
    tx: &mut DomainTx<'_>,
    current: &Stored,
    since: Option<Timestamp>,
) -> Result<(i64, i64)> {
    let since = since.unwrap_or(Timestamp(i64::MIN));
    let row = tx.query_one(
        "SELECT min(version), count(*) FROM resource_history
         WHERE domain = $1 AND resource = $2 AND updated >= $3 AND version < $4",
        args![current.key, since, current.version],
    )?;
    let row = row.unwrap_or_default();
    let newest = i64::from(current.updated >= since);
    Ok((row.opt_int(0)?.unwrap_or(current.version + 1 - newest), row.int(1)? + newest))
}
