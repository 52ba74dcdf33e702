//! Reading one message of the caller's mailbox, whatever its status (spec 5.2).

use koppeltaal_core::Result;

use super::item::{Body, COLUMNS, FROM, Item, from_row};
use crate::args;
use crate::scope::DomainTx;

/// How a client names a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// The integer of the copy.
    Number(i64),
    /// MessageHeader.identifier; the newest copy with it is meant.
    Identifier(String),
}

/// The copy of `recipient` that the key names.
pub fn read(tx: &mut DomainTx<'_>, recipient: i64, key: &Key) -> Result<Option<Item>> {
    let row = match key {
        Key::Number(id) => tx.query_one(
            &format!(
                "SELECT {COLUMNS} FROM {FROM}
                 WHERE i.domain = $1 AND i.id = $2 AND i.recipient = $3"
            ),
            args![*id, recipient],
        )?,
        Key::Identifier(identifier) => tx.query_one(
            &format!(
                "SELECT {COLUMNS} FROM kt1_message m
                 JOIN kt1_item i ON i.domain = m.domain AND i.message = m.id
                 WHERE m.domain = $1 AND m.identifier = $2 AND i.recipient = $3
                 ORDER BY i.id DESC LIMIT 1"
            ),
            args![identifier.as_str(), recipient],
        )?,
    };
    row.map(from_row).transpose()
}

/// The copy with this number, whoever receives it.
pub fn item_of(tx: &mut DomainTx<'_>, id: i64) -> Result<Option<Item>> {
    tx.query_one(
        &format!("SELECT {COLUMNS} FROM {FROM} WHERE i.domain = $1 AND i.id = $2"),
        args![id],
    )?
    .map(from_row)
    .transpose()
}

/// The body of a message; `None` when it has been removed.
pub fn body(tx: &mut DomainTx<'_>, message: i64) -> Result<Option<Body>> {
    let row = tx.query_one(
        "SELECT feed, entries FROM kt1_body WHERE domain = $1 AND message = $2",
        args![message],
    )?;
    row.map(|mut row| Ok(Body { feed: row.text(0)?, entries: row.text(1)? })).transpose()
}
