//! The next version of a resource, and its stamp.

use koppeltaal_core::id::time_of_key;
use koppeltaal_core::resource::Body;
use koppeltaal_core::{Result, Timestamp};

use super::{Indexed, Stored, index};
use crate::args;
use crate::ids::Ids;
use crate::scope::DomainTx;

/// What the next version is.
pub(crate) enum Next<'a> {
    /// This content, and what it is found by.
    Content(&'a Body, &'a Indexed),
    /// The deletion: the content stays, and is no longer found.
    Deletion,
}

/// Makes the next version of a resource that was read with `locked`.
pub(crate) fn succeed(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    known: Stored,
    next: Next<'_>,
    now: Timestamp,
) -> Result<Stored> {
    tx.later(
        "INSERT INTO resource_history
           (domain, resource, version, updated, deleted, body, type, stamp)
         SELECT domain, key, version, updated, deleted, body, type, stamp FROM resource
         WHERE domain = $1 AND key = $2",
        args![known.key],
    )?;
    if !known.deleted {
        index::remove(tx, known.stamp)?;
    }
    let stamp = ids.key(now.max(next_millisecond(known.updated)));
    let made = Stored {
        version: known.version + 1,
        stamp,
        updated: time_of_key(stamp),
        deleted: matches!(next, Next::Deletion),
        body: match next {
            Next::Content(body, _) => body.clone(),
            Next::Deletion => known.body,
        },
        ..known
    };
    tx.later(
        "UPDATE resource SET version = $3, stamp = $4, updated = $5, deleted = $6, body = $7
         WHERE domain = $1 AND key = $2",
        args![made.key, made.version, made.stamp, made.updated, made.deleted, made.body.tail()],
    )?;
    if let Next::Content(_, indexed) = next {
        index::insert(tx, stamp, indexed)?;
    }
    Ok(made)
}

/// Times are shown in milliseconds, and whoever asks for what changed after one
/// that was shown must get the next version.
fn next_millisecond(time: Timestamp) -> Timestamp {
    Timestamp((time.0.div_euclid(1000) + 1) * 1000)
}
