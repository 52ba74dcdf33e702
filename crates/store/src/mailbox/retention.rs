//! Removal of bodies when every recipient has them or their time is over: what
//! remains tells that the message existed (spec 5.6, "automatic data removal").

use koppeltaal_core::event::Event;
use koppeltaal_core::id::first_key_at;
use koppeltaal_core::retention::{Limits, Rule};
use koppeltaal_core::{Result, Timestamp};

use crate::args;
use crate::scope::DomainTx;
use crate::tx::Dialect;

/// A body that may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removal {
    /// The message.
    pub message: i64,
    /// Its event.
    pub event: Event,
    /// True when its age ended it, false when every recipient has it.
    pub by_age: bool,
}

/// Notes since when every recipient has the message, if that is so now.
pub(super) fn mark_retrieved(tx: &mut DomainTx<'_>, message: i64, now: Timestamp) -> Result<()> {
    if tx.dialect() == Dialect::Postgres {
        // Two recipients that finish at the same moment must see each other.
        tx.later(
            "SELECT 1 FROM kt1_message WHERE domain = $1 AND id = $2 FOR UPDATE",
            args![message],
        )?;
    }
    let sql = format!(
        "UPDATE kt1_message SET retrieved = $3
         WHERE domain = $1 AND id = $2 AND retrieved IS NULL AND NOT EXISTS
           (SELECT 1 FROM kt1_item i{}
            WHERE i.domain = $1 AND i.message = $2 AND i.status NOT IN (2, 4))",
        tx.dialect().indexed_by("kt1_item_message")
    );
    tx.later(&sql, args![message, now])
}

/// Where a search for removable bodies stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// Since when the last message looked at was retrieved, and its number.
    retrieved: (i64, i64),
    /// The last message looked at for its age.
    aged: i64,
}

/// Bodies that may go now, after `position`; and the position to go on from,
/// `None` when all were looked at. Looks at `limit` messages of each kind.
pub fn removable(
    tx: &mut DomainTx<'_>,
    rule: &dyn Fn(Event) -> Rule,
    limits: Limits,
    now: Timestamp,
    mut position: Position,
    limit: i64,
) -> Result<(Vec<Removal>, Option<Position>)> {
    let mut removals = Vec::new();
    let sql = format!(
        "SELECT id, event, retrieved FROM kt1_message{}
         WHERE domain = $1 AND retrieved IS NOT NULL AND expired IS NULL
           AND retrieved <= $2 AND (retrieved, id) > ($3, $4)
         ORDER BY retrieved, id LIMIT $5",
        tx.dialect().indexed_by("kt1_message_retrieved")
    );
    let rows = tx.query(
        &sql,
        args![now.minus(limits.grace), position.retrieved.0, position.retrieved.1, limit],
    )?;
    let mut looked_at_all = (rows.len() as i64) < limit;
    for row in rows {
        let (message, retrieved) = (row.int(0)?, row.int(2)?);
        position.retrieved = (retrieved, message);
        let Some(event) = Event::from_number(row.int(1)?) else { continue };
        if rule(event).goes_after_success(Timestamp(retrieved), limits, now) {
            removals.push(Removal { message, event, by_age: false });
        }
    }
    let shortest = Event::ALL.iter().map(|event| rule(*event).max_age).min().unwrap_or(limits.max);
    let rows = tx.query(
        "SELECT m.id, m.event, m.created FROM kt1_body b
         JOIN kt1_message m ON m.domain = b.domain AND m.id = b.message
         WHERE b.domain = $1 AND b.message > $2 AND b.message < $3
         ORDER BY b.message LIMIT $4",
        args![position.aged, first_key_at(now.minus(shortest)) + ONE_MS_OF_KEYS, limit],
    )?;
    looked_at_all &= (rows.len() as i64) < limit;
    for row in rows {
        let message = row.int(0)?;
        position.aged = message;
        let Some(event) = Event::from_number(row.int(1)?) else { continue };
        let known = removals.iter().any(|r| r.message == message);
        if !known && rule(event).goes_by_age(Timestamp(row.int(2)?), now) {
            removals.push(Removal { message, event, by_age: true });
        }
    }
    Ok((removals, (!looked_at_all).then_some(position)))
}

/// Keys of the millisecond itself count as old enough; the rule decides.
const ONE_MS_OF_KEYS: i64 = 4096;

/// Removes the body of a message; its headers stay. False when it was gone.
pub fn expire(tx: &mut DomainTx<'_>, message: i64, now: Timestamp) -> Result<bool> {
    let removed =
        tx.execute("DELETE FROM kt1_body WHERE domain = $1 AND message = $2", args![message])?;
    if removed == 0 {
        return Ok(false);
    }
    tx.later(
        "UPDATE kt1_message SET expired = $3 WHERE domain = $1 AND id = $2",
        args![message, now],
    )?;
    tx.later("UPDATE kt1_item SET expired = 1 WHERE domain = $1 AND message = $2", args![message])?;
    Ok(true)
}

/// Expired messages older than `before` whose headers still say whom they were
/// about: a page after `after`, and where to go on.
pub fn identifiable(
    tx: &mut DomainTx<'_>,
    before: Timestamp,
    after: i64,
    limit: i64,
) -> Result<(Vec<i64>, Option<i64>)> {
    let rows = tx.query(
        "SELECT id FROM kt1_message
         WHERE domain = $1 AND id > $2 AND id < $3 AND expired IS NOT NULL AND focal <> ''
         ORDER BY id LIMIT $4",
        args![after, first_key_at(before), limit],
    )?;
    let found = rows.iter().map(|row| row.int(0)).collect::<Result<Vec<i64>>>()?;
    let next = found.last().copied().filter(|_| found.len() as i64 == limit);
    Ok((found, next))
}

/// Takes the patient and the identity of the resource out of the headers of
/// these messages.
pub fn anonymise(tx: &mut DomainTx<'_>, messages: &[i64]) -> Result<()> {
    for message in messages {
        tx.later(
            "UPDATE kt1_message SET patient = NULL, subject = NULL, focal = '', header = ''
             WHERE domain = $1 AND id = $2",
            args![*message],
        )?;
        tx.later(
            "UPDATE kt1_item SET patient_key = NULL, exception = NULL
             WHERE domain = $1 AND message = $2",
            args![*message],
        )?;
    }
    Ok(())
}
