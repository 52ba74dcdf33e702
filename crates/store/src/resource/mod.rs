//! KT2 resources: the current version of each and the earlier ones, inside a
//! domain scope. One file for each interaction that touches them.

mod create;
mod delete;
mod history;
mod read;
mod update;
mod vread;

pub use create::{New, create};
pub use delete::{Deleted, delete};
pub use history::history;
pub use read::read;
pub use update::{Updated, update};
pub use vread::vread;

pub(crate) use create::{create_or_retry, kind};

use koppeltaal_core::resource::Body;
use koppeltaal_core::{Result, Timestamp};

use crate::args;
use crate::scope::DomainTx;

/// A version of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The internal key, the same for all versions.
    pub key: i64,
    /// The resource type.
    pub resource_type: &'static str,
    /// The logical id.
    pub id: String,
    /// Its number, counted from 1 without gaps.
    pub version: i64,
    /// When it was made; rises from version to version, by a millisecond at least.
    pub updated: Timestamp,
    /// Whether this version is a deletion.
    pub deleted: bool,
    /// The id of the Device that the resource comes from; never changes.
    pub origin: String,
    /// The content; of a deletion that of the version before.
    pub body: Body,
}

impl Stored {
    /// The resource as JSON.
    pub fn render(&self) -> String {
        self.body.render(self.resource_type, &self.id, self.version, self.updated)
    }
}

/// The current version, its row followed by `lock`.
fn current(
    tx: &mut DomainTx<'_>,
    resource_type: &str,
    id: &str,
    lock: &str,
) -> Result<Option<Stored>> {
    let Some(kind) = kind(resource_type) else { return Ok(None) };
    let sql = format!(
        "SELECT key, version, updated, deleted, origin, body FROM resource
         WHERE domain = $1 AND type = $2 AND id = $3{lock}"
    );
    let Some(mut row) = tx.query_one(&sql, args![kind.number, id])? else { return Ok(None) };
    Ok(Some(Stored {
        key: row.int(0)?,
        resource_type: kind.name,
        id: id.to_owned(),
        version: row.int(1)?,
        updated: Timestamp(row.int(2)?),
        deleted: row.int(3)? != 0,
        origin: row.text(4)?,
        body: Body::of_tail(row.text(5)?),
    }))
}

/// The current version, locked until the transaction ends.
pub(crate) fn locked(
    tx: &mut DomainTx<'_>,
    resource_type: &str,
    id: &str,
) -> Result<Option<Stored>> {
    let lock = tx.dialect().for_update();
    current(tx, resource_type, id, lock)
}

/// Makes the next version of a resource that was read with [`locked`].
pub(crate) fn succeed(
    tx: &mut DomainTx<'_>,
    known: Stored,
    body: Option<&Body>,
    deleted: bool,
    now: Timestamp,
) -> Result<Stored> {
    tx.later(
        "INSERT INTO resource_history (domain, resource, version, updated, deleted, body)
         SELECT domain, key, version, updated, deleted, body FROM resource
         WHERE domain = $1 AND key = $2",
        args![known.key],
    )?;
    let next = Stored {
        version: known.version + 1,
        updated: now.max(next_millisecond(known.updated)),
        deleted,
        body: body.cloned().unwrap_or(known.body),
        ..known
    };
    tx.later(
        "UPDATE resource SET version = $3, updated = $4, deleted = $5, body = $6
         WHERE domain = $1 AND key = $2",
        args![next.key, next.version, next.updated, next.deleted, next.body.tail()],
    )?;
    Ok(next)
}

/// Times are shown in milliseconds, and whoever asks for what changed after one
/// that was shown must get the next version.
fn next_millisecond(time: Timestamp) -> Timestamp {
    Timestamp((time.0.div_euclid(1000) + 1) * 1000)
}
