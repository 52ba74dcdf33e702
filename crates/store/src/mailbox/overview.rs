//! Messages and their copies as administrators see them: who sent what to whom,
//! when, and how far it is; never what is in it, nor about whom.

use koppeltaal_core::event::Event;
use koppeltaal_core::id::first_key_at;
use koppeltaal_core::status::Status;
use koppeltaal_core::{Error, Result, Timestamp};

use crate::filter::Filter;
use crate::scope::DomainTx;
use crate::tx::Row;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageLine {
    /// Its number.
    pub id: i64,
    /// MessageHeader.identifier as it was sent.
    pub identifier: String,
    /// Its event.
    pub event: Event,
    /// The number of the sending instance; `None` for the server.
    pub sender: Option<i64>,
    /// When it was accepted.
    pub created: Timestamp,
    /// Since when every recipient has it.
    pub retrieved: Option<Timestamp>,
    /// When its body was removed.
    pub expired: Option<Timestamp>,
}

/// A recipient's copy of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyLine {
    /// Its number.
    pub id: i64,
    /// The number of the receiving instance.
    pub recipient: i64,
    /// Its ProcessingStatus.
    pub status: Status,
    /// How often it was claimed.
    pub claims: i64,
    /// When its status changed last.
    pub changed: Timestamp,
    /// The message.
    pub message: MessageLine,
}

/// Which messages or copies. Numbers of instances that are `None` are any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The number of the message or copy is one of these.
    pub ids: Option<Vec<i64>>,
    /// MessageHeader.identifier is one of these.
    pub identifiers: Option<Vec<String>>,
    /// The event is one of these.
    pub events: Option<Vec<Event>>,
    /// The sender is one of these.
    pub senders: Option<Vec<i64>>,
    /// A recipient is one of these.
    pub recipients: Option<Vec<i64>>,
    /// The sender or a recipient is one of these.
    pub involved: Option<Vec<i64>>,
    /// The status of the copy, or of one of the copies, is one of these.
    pub statuses: Option<Vec<Status>>,
    /// The numbers of messages whose copies are asked for.
    pub messages: Option<Vec<i64>>,
    /// Whether the body is gone.
    pub expired: Option<bool>,
    /// Accepted at this moment or later.
    pub from: Option<Timestamp>,
    /// Accepted before this moment.
    pub until: Option<Timestamp>,
}

/// Which part of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// How many to pass over.
    pub offset: i64,
    /// How many at most.
    pub limit: i64,
    /// Whether the oldest comes first.
    pub oldest_first: bool,
}

const MESSAGE: &str = "m.id, m.identifier, m.event, m.sender, m.created, m.retrieved, m.expired";

fn of_message<'a>(filter: &mut Filter<'a>, wanted: &'a Wanted) {
    if let Some(identifiers) = &wanted.identifiers {
        filter.and_in("m.identifier", identifiers.iter());
    }
    if let Some(events) = &wanted.events {
        filter.and_in("m.event", events.iter().map(|event| event.number()));
    }
    if let Some(senders) = &wanted.senders {
        filter.and_in("m.sender", senders.iter().copied());
    }
    match wanted.expired {
        Some(true) => _ = filter.and_fixed("m.expired IS NOT NULL"),
        Some(false) => _ = filter.and_fixed("m.expired IS NULL"),
        None => {}
    }
}

/// The conditions on `kt1_message m`.
fn on_messages(wanted: &Wanted) -> Filter<'_> {
    let mut filter = Filter::default();
    of_message(&mut filter, wanted);
    if let Some(ids) = &wanted.ids {
        filter.and_in("m.id", ids.iter().copied());
    }
    if let Some(from) = wanted.from {
        filter.and("m.id >= ", first_key_at(from));
    }
    if let Some(until) = wanted.until {
        filter.and("m.id < ", first_key_at(until));
    }
    if let Some(recipients) = &wanted.recipients {
        let list = filter.bind_list(recipients.iter().copied());
        filter.and_fixed(&has_copy("recipient", list));
    }
    if let Some(statuses) = &wanted.statuses {
        let list = filter.bind_list(statuses.iter().map(|status| status.number()));
        filter.and_fixed(&has_copy("status", list));
    }
    if let Some(involved) = &wanted.involved {
        match filter.bind_list(involved.iter().copied()) {
            None => _ = filter.and_fixed("1 = 0"),
            Some(list) => {
                let received = has_copy("recipient", Some(list.clone()));
                filter.and_any(&[format!("m.sender IN ({list})"), received]);
            }
        }
    }
    filter
}

fn has_copy(column: &str, list: Option<String>) -> String {
    let list = list.unwrap_or_else(|| "NULL".to_owned());
    format!(
        "EXISTS (SELECT 1 FROM kt1_item i
          WHERE i.domain = $1 AND i.message = m.id AND i.{column} IN ({list}))"
    )
}

/// The conditions on `kt1_item i` and `kt1_message m`.
fn on_copies(wanted: &Wanted) -> Filter<'_> {
    let mut filter = Filter::default();
    of_message(&mut filter, wanted);
    if let Some(ids) = &wanted.ids {
        filter.and_in("i.id", ids.iter().copied());
    }
    if let Some(messages) = &wanted.messages {
        filter.and_in("i.message", messages.iter().copied());
    }
    if let Some(recipients) = &wanted.recipients {
        filter.and_in("i.recipient", recipients.iter().copied());
    }
    if let Some(statuses) = &wanted.statuses {
        filter.and_in("i.status", statuses.iter().map(|status| status.number()));
    }
    if let Some(from) = wanted.from {
        filter.and("i.id >= ", first_key_at(from));
    }
    if let Some(until) = wanted.until {
        filter.and("i.id < ", first_key_at(until));
    }
    if let Some(involved) = &wanted.involved {
        match filter.bind_list(involved.iter().copied()) {
            None => _ = filter.and_fixed("1 = 0"),
            Some(list) => {
                _ = filter.and_any(&[
                    format!("m.sender IN ({list})"),
                    format!("i.recipient IN ({list})"),
                ]);
            }
        }
    }
    filter
}

fn direction(part: Part) -> &'static str {
    if part.oldest_first { "ASC" } else { "DESC" }
}

/// A page of messages.
pub fn messages(tx: &mut DomainTx<'_>, wanted: &Wanted, part: Part) -> Result<Vec<MessageLine>> {
    let mut filter = on_messages(wanted);
    let (limit, offset) = (filter.bind(part.limit), filter.bind(part.offset));
    let sql = format!(
        "SELECT {MESSAGE} FROM kt1_message m WHERE m.domain = $1{}
         ORDER BY m.id {} LIMIT {limit} OFFSET {offset}",
        filter.sql(),
        direction(part)
    );
    tx.query(&sql, filter.args())?.into_iter().map(|row| message(row, 0)).collect()
}

/// How many messages there are, counted up to `most`.
pub fn count_messages_of(tx: &mut DomainTx<'_>, wanted: &Wanted, most: i64) -> Result<i64> {
    let mut filter = on_messages(wanted);
    let most = filter.bind(most);
    let sql = format!(
        "SELECT COUNT(*) FROM
           (SELECT 1 FROM kt1_message m WHERE m.domain = $1{} LIMIT {most}) AS counted",
        filter.sql()
    );
    tx.query_one(&sql, filter.args())?.unwrap_or_default().int(0)
}

const FROM: &str = "kt1_item i JOIN kt1_message m ON m.domain = i.domain + 0 AND m.id = i.message";

/// A page of copies.
pub fn copies(tx: &mut DomainTx<'_>, wanted: &Wanted, part: Part) -> Result<Vec<CopyLine>> {
    let mut filter = on_copies(wanted);
    let (limit, offset) = (filter.bind(part.limit), filter.bind(part.offset));
    let sql = format!(
        "SELECT i.id, i.recipient, i.status, i.claims, i.changed, {MESSAGE}
         FROM {FROM} WHERE i.domain = $1{} ORDER BY i.id {} LIMIT {limit} OFFSET {offset}",
        filter.sql(),
        direction(part)
    );
    tx.query(&sql, filter.args())?
        .into_iter()
        .map(|row| {
            Ok(CopyLine {
                id: row.int(0)?,
                recipient: row.int(1)?,
                status: Status::from_number(row.int(2)?)?,
                claims: row.int(3)?,
                changed: Timestamp(row.int(4)?),
                message: message(row, 5)?,
            })
        })
        .collect()
}

/// How many copies there are, counted up to `most`.
pub fn count_copies(tx: &mut DomainTx<'_>, wanted: &Wanted, most: i64) -> Result<i64> {
    let mut filter = on_copies(wanted);
    let most = filter.bind(most);
    let sql = format!(
        "SELECT COUNT(*) FROM (SELECT 1 FROM {FROM} WHERE i.domain = $1{} LIMIT {most}) AS counted",
        filter.sql()
    );
    tx.query_one(&sql, filter.args())?.unwrap_or_default().int(0)
}

fn message(mut row: Row, at: usize) -> Result<MessageLine> {
    let event = row.int(at + 2)?;
    Ok(MessageLine {
        id: row.int(at)?,
        identifier: row.text(at + 1)?,
        event: Event::from_number(event)
            .ok_or_else(|| Error::Internal(format!("no event has number {event}")))?,
        sender: row.opt_int(at + 3)?,
        created: Timestamp(row.int(at + 4)?),
        retrieved: row.opt_int(at + 5)?.map(Timestamp),
        expired: row.opt_int(at + 6)?.map(Timestamp),
    })
}
