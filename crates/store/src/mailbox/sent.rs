//! Messages as their senders see them: which recipients have each, and how far they are. What a
//! sender still waits for has an index of its own, so that it is found among all that is done.

use std::collections::HashMap;

use koppeltaal_core::event::Event;
use koppeltaal_core::id::first_key_at;
use koppeltaal_core::sent::{RecipientStatus, SentMessage};
use koppeltaal_core::status::Status;
use koppeltaal_core::{Error, Result, Timestamp};

use crate::args;
use crate::filter::Filter;
use crate::scope::DomainTx;
use crate::tx::Row;

/// Which messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SentFilter {
    /// Of this instance; of everybody, and of the server itself, when absent.
    pub sender: Option<i64>,
    /// With this MessageHeader.identifier.
    pub identifier: Option<String>,
    /// Of this event.
    pub event: Option<Event>,
    /// That some recipient has in this status.
    pub status: Option<Status>,
    /// Accepted at this moment or later.
    pub from: Option<Timestamp>,
    /// Accepted before this moment.
    pub until: Option<Timestamp>,
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// The newest first, instead of the oldest.
    pub newest_first: bool,
    /// After the message with this number.
    pub after: Option<i64>,
    /// How many to pass over, when `after` does not say.
    pub offset: i64,
    /// How many at most.
    pub limit: i64,
}

const COLUMNS: &str = "m.id, m.identifier, m.event, m.sender, m.patient, m.focal, m.focal_version,
    m.created, m.retrieved, m.expired";

/// Messages of which the recipients are asked for with one statement.
const AT_ONCE: usize = 256;

/// A page of messages with their recipients.
pub fn sent(tx: &mut DomainTx<'_>, wanted: &SentFilter, page: Sent) -> Result<Vec<SentMessage>> {
    let mut filter = conditions(wanted);
    let place = place(wanted);
    let (beyond, order) = if page.newest_first { ("<", " DESC") } else { (">", "") };
    if let Some(after) = page.after {
        filter.and(&format!("{} {beyond} ", place.number), after);
    }
    let limit = filter.bind(page.limit);
    let offset = match page.after.is_none() && page.offset > 0 {
        true => format!(" OFFSET {}", filter.bind(page.offset)),
        false => String::new(),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM kt1_message m{} WHERE m.domain = $1{}
         ORDER BY {}{order} LIMIT {limit}{offset}",
        place.index.map(|index| tx.dialect().indexed_by(index)).unwrap_or_default(),
        filter.sql(),
        place.number
    );
    let rows = tx.query(&sql, filter.args())?;
    with_recipients(tx, rows)
}

/// How many messages there are, counted up to `most`.
pub fn count_sent(tx: &mut DomainTx<'_>, wanted: &SentFilter, most: i64) -> Result<i64> {
    let mut filter = conditions(wanted);
    let most = filter.bind(most);
    let sql = format!(
        "SELECT COUNT(*) FROM
           (SELECT 1 FROM kt1_message m{} WHERE m.domain = $1{} LIMIT {most}) AS counted",
        place(wanted).index.map(|index| tx.dialect().indexed_by(index)).unwrap_or_default(),
        filter.sql()
    );
    tx.query_one(&sql, filter.args())?.unwrap_or_default().int(0)
}

/// The message with this number.
pub fn sent_message(tx: &mut DomainTx<'_>, number: i64) -> Result<Option<SentMessage>> {
    let sql = format!("SELECT {COLUMNS} FROM kt1_message m WHERE m.domain = $1 AND m.id = $2");
    let rows = tx.query(&sql, args![number])?;
    Ok(with_recipients(tx, rows)?.pop())
}

/// The message that this is a recipient's copy of.
pub fn sent_with_copy(tx: &mut DomainTx<'_>, item: i64) -> Result<Option<SentMessage>> {
    let row = tx.query_one(
        "SELECT message FROM kt1_item i WHERE i.domain = $1 AND i.id = $2",
        args![item],
    )?;
    match row {
        Some(row) => sent_message(tx, row.int(0)?),
        None => Ok(None),
    }
}

/// Where the messages are found in order: the index, and the number as that index has it.
struct Place {
    index: Option<&'static str>,
    number: &'static str,
}

fn place(wanted: &SentFilter) -> Place {
    let index = match wanted {
        SentFilter { identifier: Some(_), .. } => "kt1_message_identifier",
        SentFilter { sender: None, .. } => return Place { index: None, number: "m.id" },
        SentFilter { status: Some(status), .. } if !status.is_retrieved() => {
            "kt1_message_unprocessed"
        }
        _ => "kt1_message_sender",
    };
    Place { index: Some(index), number: "m.id + 0" }
}

fn conditions(wanted: &SentFilter) -> Filter<'_> {
    let mut filter = Filter::default();
    let number = place(wanted).number;
    if let Some(sender) = wanted.sender {
        // Few messages have one identifier: no planner shall look among all of the sender.
        let column = if wanted.identifier.is_some() { "m.sender + 0 = " } else { "m.sender = " };
        filter.and(column, sender);
    }
    if let Some(identifier) = &wanted.identifier {
        filter.and("m.identifier = ", identifier);
    }
    if let Some(event) = wanted.event {
        filter.and("m.event = ", event.number());
    }
    if let Some(from) = wanted.from {
        filter.and(&format!("{number} >= "), first_key_at(from));
    }
    if let Some(until) = wanted.until {
        filter.and(&format!("{number} < "), first_key_at(until));
    }
    if let Some(status) = wanted.status {
        if !status.is_retrieved() {
            filter.and_fixed("m.retrieved IS NULL");
        }
        let status = filter.bind(status.number());
        filter.and_fixed(&format!(
            "EXISTS (SELECT 1 FROM kt1_item i WHERE i.domain = $1 AND i.message = m.id
                     AND i.status = {status})"
        ));
    }
    filter
}

fn with_recipients(tx: &mut DomainTx<'_>, rows: Vec<Row>) -> Result<Vec<SentMessage>> {
    let mut messages = rows.into_iter().map(from_row).collect::<Result<Vec<_>>>()?;
    for some in messages.chunks_mut(AT_ONCE) {
        let mut filter = Filter::default();
        filter.and_in("i.message", some.iter().map(|message| message.number));
        let sql = format!(
            "SELECT i.message, i.id, i.recipient, i.status, i.claims, i.changed, i.exception
             FROM kt1_item i{} WHERE i.domain = $1{} ORDER BY i.id + 0",
            tx.dialect().indexed_by("kt1_item_message"),
            filter.sql()
        );
        let mut recipients: HashMap<i64, Vec<RecipientStatus>> = HashMap::new();
        for mut row in tx.query(&sql, filter.args())? {
            recipients.entry(row.int(0)?).or_default().push(RecipientStatus {
                item: row.int(1)?,
                recipient: row.int(2)?,
                status: Status::from_number(row.int(3)?)?,
                claims: row.int(4)?,
                changed: Timestamp(row.int(5)?),
                exception: row.opt_text(6)?,
            });
        }
        for message in some {
            message.recipients = recipients.remove(&message.number).unwrap_or_default();
        }
    }
    Ok(messages)
}

fn from_row(mut row: Row) -> Result<SentMessage> {
    let event = row.int(2)?;
    Ok(SentMessage {
        number: row.int(0)?,
        identifier: row.text(1)?,
        event: Event::from_number(event)
            .ok_or_else(|| Error::Internal(format!("no event has number {event}")))?,
        sender: row.opt_int(3)?,
        patient: row.opt_text(4)?,
        focal: row.text(5)?,
        focal_version: row.text(6)?,
        created: Timestamp(row.int(7)?),
        retrieved: row.opt_int(8)?.map(Timestamp),
        expired: row.opt_int(9)?.map(Timestamp),
        recipients: Vec::new(),
    })
}
