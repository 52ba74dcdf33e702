//! Writing notifications, in the transaction of the message they announce.

use koppeltaal_core::notification::State;
use koppeltaal_core::{Result, Timestamp};

use super::list::Generation;
use crate::row;
use crate::scope::DomainTx;
use crate::tx::{ColumnType, OnConflict, Row, Table};

const TABLE: Table = Table {
    name: "outbox",
    columns: &[
        ("domain", ColumnType::Int),
        ("id", ColumnType::Int),
        ("generation", ColumnType::Int),
        ("instance", ColumnType::Int),
        ("item", ColumnType::Int),
        ("identifier", ColumnType::Text),
        ("state", ColumnType::Int),
        ("failed", ColumnType::Int),
        ("attempts", ColumnType::Int),
        ("rounds", ColumnType::Int),
        ("next_attempt", ColumnType::Int),
        ("due", ColumnType::Int),
        ("created", ColumnType::Int),
    ],
    key: &["domain", "id"],
    on_conflict: OnConflict::Retry,
};

/// A mailbox item whose recipient is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// A key of its own.
    pub id: i64,
    /// The number of the recipient.
    pub instance: i64,
    /// The recipient's mailbox item.
    pub item: i64,
    /// The identifier of the message.
    pub identifier: String,
}

/// Adds notifications; their first attempt is due at once. After the commit the
/// delivery wants a wake.
pub fn announce(
    tx: &mut DomainTx<'_>,
    announcements: &[Announcement],
    now: Timestamp,
) -> Result<()> {
    let domain = tx.domain();
    let rows: Vec<Row> = announcements
        .iter()
        .map(|announcement| {
            row![
                domain,
                announcement.id,
                Generation::Kt1.number(),
                announcement.instance,
                announcement.item,
                announcement.identifier.as_str(),
                State::Pending.number(),
                0_i64,
                0_i64,
                0_i64,
                now,
                now,
                now
            ]
        })
        .collect();
    tx.insert_many(&TABLE, &rows)
}
