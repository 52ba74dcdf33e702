//! AuditEvents of the FHIR face: one for each request of a known caller
//! (TOP-KT-011; spec 6 of the FHIR service).
//!
//! * A write is recorded in its transaction: [`Author::row`], [`write`].
//! * Everything else is recorded when the answer is known, with the next group
//!   commit: [`Request`]. A search for AuditEvents does not find itself.
//! * No body of a request ever gets into the trail.
//!
//! Nothing is recorded of requests without a known caller, of requests that an
//! instance sends beyond its limit (a flood must not reach the store), and of
//! AuditEvents that were created, read or deleted: that would never end.

mod author;
mod kind;
mod query;
mod request;
mod shapes;

#[cfg(test)]
mod tests;

use koppeltaal_core::Result;
use koppeltaal_core::audit::Entry;
use koppeltaal_store::resource::Stored;
use koppeltaal_store::{DomainTx, Ids, audit};

pub use author::Author;
pub use kind::Kind;
pub use query::Query;
pub use request::Request;
pub use shapes::Shapes;

/// A version of a resource that an answer shows or tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its type.
    pub resource_type: &'static str,
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: i64,
}

impl Shown {
    /// The reference to the version.
    fn reference(&self) -> String {
        format!("{}/{}/_history/{}", self.resource_type, self.id, self.version)
    }
}

/// A version in the store that is shown.
pub fn shown(stored: &Stored) -> Shown {
    let Stored { resource_type, id, version, .. } = stored;
    Shown { resource_type, id: id.clone(), version: *version }
}

/// Writes the row of a write, with the version that it made.
pub fn write(tx: &mut DomainTx<'_>, ids: &Ids, row: &mut Entry, version: i64) -> Result<()> {
    row.version = Some(version.to_string());
    audit::append(tx, ids, std::slice::from_ref(row)).map(drop)
}
