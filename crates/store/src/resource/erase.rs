//! The hard erase: a resource that leaves no trace. Not a deletion, which is a
//! version and can be read.

use koppeltaal_core::Result;

use super::{index, locked};
use crate::args;
use crate::scope::DomainTx;

/// Removes a resource with all of its versions and searchable values, deleted or
/// not. False: the domain has no such resource.
pub fn erase(tx: &mut DomainTx<'_>, resource_type: &str, id: &str) -> Result<bool> {
    let Some(known) = locked(tx, resource_type, id)? else { return Ok(false) };
    index::remove(tx, known.stamp)?;
    tx.later("DELETE FROM resource_history WHERE domain = $1 AND resource = $2", args![known.key])?;
    tx.later("DELETE FROM resource WHERE domain = $1 AND key = $2", args![known.key])?;
    Ok(true)
}
