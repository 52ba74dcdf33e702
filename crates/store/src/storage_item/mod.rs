//! StorageItems that live in this server (Koppeltaal 1.3, storage service): each belongs to an
//! application in a domain and is about a patient. One file per verb; content is sealed before it
//! comes here.
//!
//! Every change takes first the row that tells what the patient's items take and last the one of
//! the domain: so limits hold however many write at once, and nobody waits in a circle.

mod create;
mod delete;
mod erase;
mod find;
mod search;
mod update;
mod usage;

pub use create::create;
pub use delete::delete;
pub use erase::{count_of_patient, erase_some};
pub use find::{any, find};
pub use search::{Found, KeyTest, Page, Search, search};
pub use update::update;
pub use usage::{Usage, total};

use koppeltaal_core::audit::Entry;
use koppeltaal_core::version::Stamp;
use koppeltaal_core::{Result, Timestamp};

use crate::scope::DomainTx;
use crate::tx::Row;
use crate::{args, filter::Filter};

/// Whose items a caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The number of the application.
    pub application: i64,
    /// About this patient only (URL without version); all of them when absent.
    pub patient: Option<String>,
}

/// An item as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its number in the domain.
    pub id: i64,
    /// The URL of the patient it is about, without version.
    pub patient: String,
    /// Its version.
    pub stamp: Stamp,
    /// When it changed last.
    pub changed: Timestamp,
    /// The item as JSON, sealed.
    pub content: Vec<u8>,
}

/// An item to be written.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its number in the domain.
    pub id: i64,
    /// The number of the application.
    pub application: i64,
    /// The URL of the patient it is about, without version.
    pub patient: String,
    /// The type of the object.
    pub object_type: String,
    /// The key of the object, unique for a patient and type.
    pub object_key: String,
    /// The bytes that limits count.
    pub size: i64,
    /// The item as JSON, sealed.
    pub content: Vec<u8>,
}

/// What the items of a patient in one application, and of a domain, may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Items of a patient.
    pub items: i64,
    /// Bytes of a patient.
    pub bytes: i64,
    /// Bytes of a domain.
    pub domain_bytes: Option<i64>,
}

/// An item to be written, within which limits, and the row of the audit trail about it.
#[derive(Debug, Clone)]
pub struct Change {
    /// The item.
    pub draft: Draft,
    /// What it and others may take.
    pub limits: Limits,
    /// The audit row; the version is filled in.
    pub audit: Entry,
}

/// Why an item was not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The patient has another item with this type and key.
    Duplicate,
    /// There is no such item.
    Unknown,
    /// An item stays with its patient.
    OtherPatient,
    /// The version named is not the current one, which is this.
    VersionConflict(Stamp),
}

const COLUMNS: &str = "id, patient, stamp, changed, content";

fn from_row(mut row: Row) -> Result<Item> {
    Ok(Item {
        id: row.int(0)?,
        patient: row.text(1)?,
        stamp: Stamp(row.int(2)?),
        changed: Timestamp(row.int(3)?),
        content: row.bytes(4)?,
    })
}

/// What a change has to know of the item as it is.
struct Known {
    patient: String,
    size: i64,
    stamp: Stamp,
}

/// The item, locked until the end of the transaction.
fn lock(tx: &mut DomainTx<'_>, owner: &Owner, id: i64) -> Result<Option<Known>> {
    let mut filter = Filter::default();
    filter.and("id = ", id).and("application = ", owner.application);
    if let Some(patient) = &owner.patient {
        filter.and("patient = ", patient);
    }
    let sql = format!(
        "SELECT patient, size, stamp FROM storage_item WHERE domain = $1{}{}",
        filter.sql(),
        tx.dialect().for_update()
    );
    let row = tx.query_one(&sql, filter.args())?;
    row.map(|mut row| {
        Ok(Known { patient: row.text(0)?, size: row.int(1)?, stamp: Stamp(row.int(2)?) })
    })
    .transpose()
}

/// Whether the patient has another item with this type and key.
fn is_duplicate(tx: &mut DomainTx<'_>, draft: &Draft) -> Result<bool> {
    let row = tx.query_one(
        "SELECT 1 FROM storage_item
         WHERE domain = $1 AND application = $2 AND object_key = $3 AND object_type = $4
           AND patient = $5 AND id <> $6",
        args![draft.application, &draft.object_key, &draft.object_type, &draft.patient, draft.id],
    )?;
    Ok(row.is_some())
}
