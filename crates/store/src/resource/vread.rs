//! vread: one version of a resource.

use koppeltaal_core::resource::Body;
use koppeltaal_core::{Result, Timestamp};

use super::{Stored, read};
use crate::args;
use crate::scope::DomainTx;

/// The version with this number, deletions too. `None`: there is none.
pub fn vread(
    tx: &mut DomainTx<'_>,
    resource_type: &str,
    id: &str,
    version: i64,
) -> Result<Option<Stored>> {
    match read(tx, resource_type, id)? {
        Some(current) => version_of(tx, current, version),
        None => Ok(None),
    }
}

/// The version with this number of a resource whose current version is at hand.
pub fn version_of(tx: &mut DomainTx<'_>, current: Stored, version: i64) -> Result<Option<Stored>> {
    if version == current.version {
        return Ok(Some(current));
    }
    if version > current.version {
        return Ok(None);
    }
    let row = tx.query_one(
        "SELECT updated, deleted, body, stamp FROM resource_history
         WHERE domain = $1 AND resource = $2 AND version = $3",
        args![current.key, version],
    )?;
    row.map(|mut row| {
        Ok(Stored {
            version,
            updated: Timestamp(row.int(0)?),
            deleted: row.int(1)? != 0,
            body: Body::of_tail(row.text(2)?),
            stamp: row.int(3)?,
            ..current
        })
    })
    .transpose()
}
