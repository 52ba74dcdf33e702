//! update: the next version of a resource, unless nothing changed.

use koppeltaal_core::resource::Body;
use koppeltaal_core::{Result, Timestamp};

use super::version::{Next, succeed};
use super::{Indexed, Stored, locked};
use crate::ids::Ids;
use crate::scope::DomainTx;

/// What became of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Updated {
    /// There is a new version.
    Done(Stored),
    /// The content is that of the current version, which stays.
    Unchanged(Stored),
    /// The domain has no such resource.
    Unknown,
    /// It was deleted, by this version.
    Deleted(Stored),
    /// The version expected is not the current one, which is this.
    Stale(i64),
}

/// Gives a resource new content, provided that `expected` is its current version
/// (when the caller names one). Content is compared as text.
#[expect(clippy::too_many_arguments, reason = "each is a different thing of the caller's")]
pub fn update(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    resource_type: &str,
    id: &str,
    expected: Option<i64>,
    body: &Body,
    indexed: &Indexed,
    now: Timestamp,
) -> Result<Updated> {
    let Some(known) = locked(tx, resource_type, id)? else { return Ok(Updated::Unknown) };
    if known.deleted {
        return Ok(Updated::Deleted(known));
    }
    if expected.is_some_and(|expected| expected != known.version) {
        return Ok(Updated::Stale(known.version));
    }
    if known.body == *body {
        return Ok(Updated::Unchanged(known));
    }
    succeed(tx, ids, known, Next::Content(body, indexed), now).map(Updated::Done)
}
