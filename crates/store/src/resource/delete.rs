//! delete: a version of its own that says that the resource is gone.

use koppeltaal_core::{Result, Timestamp};

use super::version::{Next, succeed};
use super::{Stored, locked};
use crate::ids::Ids;
use crate::scope::DomainTx;

/// What became of a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deleted {
    /// The resource is deleted; this is the version that says so.
    Done(Stored),
    /// It was deleted before, by this version.
    Already(Stored),
    /// The domain has no such resource.
    Unknown,
    /// The version expected is not the current one, which is this.
    Stale(i64),
}

/// Deletes a resource, provided that `expected` is its current version (when the
/// caller names one). Its versions stay; it is no longer found.
pub fn delete(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    resource_type: &str,
    id: &str,
    expected: Option<i64>,
    now: Timestamp,
) -> Result<Deleted> {
    let Some(known) = locked(tx, resource_type, id)? else { return Ok(Deleted::Unknown) };
    if known.deleted {
        return Ok(Deleted::Already(known));
    }
    if expected.is_some_and(|expected| expected != known.version) {
        return Ok(Deleted::Stale(known.version));
    }
    succeed(tx, ids, known, Next::Deletion, now).map(Deleted::Done)
}
