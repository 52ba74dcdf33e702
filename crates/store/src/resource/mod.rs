//! KT2 resources: the current version of each and the earlier ones, inside a
//! domain scope. One file for each interaction that touches them.

mod create;
mod delete;
mod erase;
mod history;
mod index;
mod named;
mod of_type;
mod origins;
mod past;
mod read;
mod reference;
pub mod search;
mod sql;
mod type_history;
mod update;
mod version;
mod vread;
mod walk;

pub use create::{New, create};
pub use delete::{Deleted, delete};
pub use erase::erase;
pub use history::{history, versions_since};
pub use index::{Indexed, reindex};
pub use named::{locked_stamps, missing, unknown};
pub use of_type::of_type;
pub use past::{Replaced, deleted, erase_version, erase_versions, replaced};
pub use read::{by_ids, locked, read};
pub use reference::{Referring, referenced, referred_ids, referring};
pub use type_history::{type_history, type_history_count};
pub use update::{Updated, update};
pub use vread::{version_of, vread};
pub use walk::{walk, walk_count};

pub(crate) use create::{Kind, create_or_retry, kind};
pub(crate) use origins::origins;
pub(crate) use version::{Next, succeed};

use koppeltaal_core::resource::Body;
use koppeltaal_core::{Error, Result, Timestamp, resource_type};

use crate::tx::Row;

/// A version of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The internal key, the same for all versions.
    pub key: i64,
    /// The place of this version among all versions of the domain; rises with
    /// time, and is the key in the first one.
    pub stamp: i64,
    /// The resource type.
    pub resource_type: &'static str,
    /// The logical id.
    pub id: String,
    /// Its number, counted from 1 without gaps.
    pub version: i64,
    /// When it was made, in whole milliseconds; rises from version to version.
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

/// What [`stored`] reads, of a row of `resource` that the query calls `r`.
const COLUMNS: &str =
    "r.key, r.stamp, r.type, r.id, r.version, r.updated, r.deleted, r.origin, r.body";

/// The resource of a row of [`COLUMNS`].
fn stored(mut row: Row) -> Result<Stored> {
    let number = row.int(2)?;
    let resource_type = resource_type::name(number)
        .ok_or_else(|| Error::Internal(format!("no resource type has the number {number}")))?;
    Ok(Stored {
        key: row.int(0)?,
        stamp: row.int(1)?,
        resource_type,
        id: row.text(3)?,
        version: row.int(4)?,
        updated: Timestamp(row.int(5)?),
        deleted: row.int(6)? != 0,
        origin: row.text(7)?,
        body: Body::of_tail(row.text(8)?),
    })
}
