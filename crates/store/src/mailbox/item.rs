//! A mailbox item as it is read: one recipient's copy of a message.

use koppeltaal_core::event::Event;
use koppeltaal_core::status::Status;
use koppeltaal_core::version::Stamp;
use koppeltaal_core::{Error, Result, Timestamp};

use crate::tx::{Dialect, Row};

/// One recipient's copy of a message, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The integer of the copy.
    pub id: i64,
    /// The message it is a copy of.
    pub message: i64,
    /// The number of the instance that receives it.
    pub recipient: i64,
    /// Its ProcessingStatus.
    pub status: Status,
    /// How often it was claimed.
    pub claims: i64,
    /// When its status changed last.
    pub changed: Timestamp,
    /// The version of the copy; changes with its status.
    pub stamp: Stamp,
    /// Whether the body has been removed.
    pub expired: bool,
    /// What the recipient said about a failure.
    pub exception: Option<String>,
    /// MessageHeader.identifier as it was sent.
    pub identifier: String,
    /// The event.
    pub event: Event,
    /// The patient's URL without version.
    pub patient: Option<String>,
    /// The focal resource's URL without version.
    pub focal: String,
    /// The version of the focal resource.
    pub focal_version: String,
    /// When the message was accepted.
    pub created: Timestamp,
    /// The MessageHeader as JSON, with U+0001 where the status goes.
    pub header: String,
}

/// The rest of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// The feed's own members, as JSON members without braces.
    pub feed: String,
    /// The entries after the header, as JSON separated by commas.
    pub entries: String,
}

/// The columns of an [`Item`] in a query over `kt1_item i JOIN kt1_message m`.
pub(super) const COLUMNS: &str = "i.id, i.message, i.recipient, i.status, i.claims, i.changed,
    i.stamp, i.expired, i.exception, m.identifier, m.event, m.patient, m.focal, m.focal_version,
    m.created, m.header";

/// The tables of [`COLUMNS`]. `+ 0` makes PostgreSQL look each message up by its
/// whole key, also when it plans the statement while the table is empty.
pub(super) const FROM: &str =
    "kt1_item i JOIN kt1_message m ON m.domain = i.domain + 0 AND m.id = i.message";

/// [`FROM`], with the items found through this index.
pub(super) fn from_indexed(dialect: Dialect, index: &str) -> String {
    format!(
        "kt1_item i{} JOIN kt1_message m ON m.domain = i.domain + 0 AND m.id = i.message",
        dialect.indexed_by(index)
    )
}

pub(super) fn from_row(mut row: Row) -> Result<Item> {
    let event = row.int(10)?;
    Ok(Item {
        id: row.int(0)?,
        message: row.int(1)?,
        recipient: row.int(2)?,
        status: Status::from_number(row.int(3)?)?,
        claims: row.int(4)?,
        changed: Timestamp(row.int(5)?),
        stamp: Stamp(row.int(6)?),
        expired: row.int(7)? != 0,
        exception: row.opt_text(8)?,
        identifier: row.text(9)?,
        event: Event::from_number(event)
            .ok_or_else(|| Error::Internal(format!("no event has number {event}")))?,
        patient: row.opt_text(11)?,
        focal: row.text(12)?,
        focal_version: row.text(13)?,
        created: Timestamp(row.int(14)?),
        header: row.text(15)?,
    })
}
