//! Routing: the message, a copy for every recipient, what it supersedes, its
//! notifications and its audit row, in one transaction (spec: "Routing").

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::event::Event;
use koppeltaal_core::status::{self, Status};
use koppeltaal_core::version::Stamp;
use koppeltaal_core::{Result, Timestamp};

use super::key_of;
use super::retention::mark_retrieved;
use crate::ids::Ids;
use crate::outbox::{self, Announcement};
use crate::scope::DomainTx;
use crate::tx::{ColumnType, OnConflict, Row, Table};
use crate::{args, audit, row};

/// A piece of a text that waits for the versions of its resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text as it is.
    Text(String),
    /// `/_history/` and the version of the resource with this index.
    Version(usize),
}

/// A text rendered before the transaction, but for the versions that only the
/// transaction knows: so that the one writer does not render.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template(pub Vec<Part>);

impl Template {
    /// The length of the text without its versions, in bytes.
    pub fn len(&self) -> usize {
        let lengths = self.0.iter().map(|part| match part {
            Part::Text(text) => text.len(),
            Part::Version(_) => 0,
        });
        lengths.sum()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text with the versions filled in.
    pub fn fill(&self, versions: &[impl AsRef<str>]) -> String {
        let length = self.0.iter().map(|part| match part {
            Part::Text(text) => text.len(),
            Part::Version(_) => 40,
        });
        let mut filled = String::with_capacity(length.sum());
        for part in &self.0 {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Version(index) => {
                    filled.push_str("/_history/");
                    filled.push_str(versions.get(*index).map_or("", AsRef::as_ref));
                }
            }
        }
        filled
    }
}

/// Who receives a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipient {
    /// The number of the instance.
    pub instance: i64,
    /// Whether it has a webhook.
    pub announce: bool,
}

/// A message on its way to its recipients.
#[derive(Debug)]
pub struct Delivery<'a> {
    /// MessageHeader.identifier.
    pub identifier: &'a str,
    /// The event.
    pub event: Event,
    /// The number of the sending instance; `None` for the server.
    pub sender: Option<i64>,
    /// The URL without version of whom the sender names: mostly the patient.
    pub patient: Option<&'a str>,
    /// That of the patient whom the focal resource is about.
    pub subject: Option<&'a str>,
    /// The focal resource's URL without version.
    pub focal: &'a str,
    /// Its version.
    pub focal_version: &'a str,
    /// Whether an earlier message can be about the same focal resource.
    pub may_supersede: bool,
    /// The MessageHeader, with U+0001 where the status goes.
    pub header: String,
    /// The feed's own members.
    pub feed: &'a str,
    /// The entries after the header.
    pub entries: String,
    /// Who receives it.
    pub recipients: &'a [Recipient],
    /// The stamp of the message.
    pub stamp: Stamp,
    /// The row that records it (its item is filled in here).
    pub audit: &'a Entry,
}

const MESSAGE: Table = Table {
    name: "kt1_message",
    columns: &[
        ("domain", ColumnType::Int),
        ("id", ColumnType::Int),
        ("identifier", ColumnType::Text),
        ("event", ColumnType::Int),
        ("sender", ColumnType::Int),
        ("patient", ColumnType::Text),
        ("subject", ColumnType::Text),
        ("focal", ColumnType::Text),
        ("focal_version", ColumnType::Text),
        ("created", ColumnType::Int),
        ("retrieved", ColumnType::Int),
        ("expired", ColumnType::Int),
        ("header", ColumnType::Text),
    ],
    key: &["domain", "id"],
    on_conflict: OnConflict::Retry,
};

const BODY: Table = Table {
    name: "kt1_body",
    columns: &[
        ("domain", ColumnType::Int),
        ("message", ColumnType::Int),
        ("feed", ColumnType::Text),
        ("entries", ColumnType::Text),
    ],
    key: &["domain", "message"],
    on_conflict: OnConflict::Retry,
};

const ITEM: Table = Table {
    name: "kt1_item",
    columns: &[
        ("domain", ColumnType::Int),
        ("id", ColumnType::Int),
        ("message", ColumnType::Int),
        ("recipient", ColumnType::Int),
        ("event", ColumnType::Int),
        ("patient_key", ColumnType::Int),
        ("focal_key", ColumnType::Int),
        ("status", ColumnType::Int),
        ("claims", ColumnType::Int),
        ("claim_until", ColumnType::Int),
        ("changed", ColumnType::Int),
        ("stamp", ColumnType::Int),
        ("expired", ColumnType::Int),
        ("exception", ColumnType::Text),
    ],
    key: &["domain", "id"],
    on_conflict: OnConflict::Retry,
};

/// A recipient's copy of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// The number of the recipient.
    pub instance: i64,
    /// The integer of the copy.
    pub item: i64,
    /// Its stamp.
    pub stamp: Stamp,
}

/// A message that was handed to its recipients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routed {
    /// The number of the message.
    pub message: i64,
    /// The copies.
    pub copies: Vec<Copied>,
}

/// Stores the message and hands it to its recipients.
pub fn route(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    now: Timestamp,
    delivery: Delivery<'_>,
) -> Result<Routed> {
    let domain = tx.domain();
    let focal_key = key_of(delivery.focal);
    if delivery.may_supersede {
        supersede(tx, ids, now, &delivery, focal_key)?;
    }
    let message = ids.key(now);
    // Mostly the sender names the patient, and then once is enough.
    let subject = delivery.subject.filter(|subject| delivery.patient != Some(*subject));
    // Nobody to receive it: the retention job removes the body at its next run.
    let retrieved = delivery.recipients.is_empty().then_some(0_i64);
    tx.insert_many(
        &MESSAGE,
        &[row![
            domain,
            message,
            delivery.identifier,
            delivery.event.number(),
            delivery.sender,
            delivery.patient,
            subject,
            delivery.focal,
            delivery.focal_version,
            now,
            retrieved,
            None::<i64>,
            delivery.header
        ]],
    )?;
    tx.insert_many(&BODY, &[row![domain, message, delivery.feed, delivery.entries]])?;
    let patient_key = delivery.patient.map(key_of);
    let mut announcements = Vec::new();
    let mut copies = Vec::with_capacity(delivery.recipients.len());
    let items: Vec<Row> = delivery
        .recipients
        .iter()
        .map(|recipient| {
            let item = ids.key(now);
            let (instance, stamp) = (recipient.instance, delivery.stamp);
            copies.push(Copied { instance, item, stamp });
            if recipient.announce {
                announcements.push(Announcement {
                    id: ids.key(now),
                    instance: recipient.instance,
                    item,
                    identifier: delivery.identifier.to_owned(),
                });
            }
            row![
                domain,
                item,
                message,
                recipient.instance,
                delivery.event.number(),
                patient_key,
                focal_key,
                Status::New.number(),
                0_i64,
                None::<i64>,
                now,
                delivery.stamp.0,
                0_i64,
                None::<&str>
            ]
        })
        .collect();
    tx.insert_many(&ITEM, &items)?;
    if !announcements.is_empty() {
        outbox::announce(tx, &announcements, now)?;
    }
    let entry = Entry { item: Some(message), ..delivery.audit.clone() };
    audit::append(tx, ids, &[entry])?;
    Ok(Routed { message, copies })
}

/// Older items of the same recipient, event and focal resource that are not
/// processed yet become ReplacedByNewVersion.
fn supersede(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    now: Timestamp,
    delivery: &Delivery<'_>,
    focal_key: i64,
) -> Result<()> {
    let sql = format!(
        "SELECT i.id, i.message, i.recipient, i.status, i.stamp, m.focal, m.focal_version, m.patient
         FROM kt1_item i{} JOIN kt1_message m ON m.domain = i.domain + 0 AND m.id = i.message
         WHERE i.domain = $1 AND i.focal_key = $2 AND i.event = $3 AND i.status IN (0, 1, 3, 5)
         ORDER BY i.id{}",
        tx.dialect().indexed_by("kt1_item_focal"),
        tx.dialect().for_update_of_i()
    );
    let rows = tx.query(&sql, args![focal_key, delivery.event.number()])?;
    let mut messages = Vec::new();
    let mut entries = Vec::new();
    for mut row in rows {
        let (item, message, recipient) = (row.int(0)?, row.int(1)?, row.int(2)?);
        let from = Status::from_number(row.int(3)?)?;
        let replaced = status::is_superseded(from)
            && row.text(5)? == delivery.focal
            && delivery.recipients.iter().any(|r| r.instance == recipient);
        if !replaced {
            continue;
        }
        let stamp = ids.stamp(now, Some(delivery.stamp.max(Stamp(row.int(4)?))));
        tx.later(
            "UPDATE kt1_item SET status = 4, claim_until = NULL, changed = $3, stamp = $4
             WHERE domain = $1 AND id = $2",
            args![item, now, stamp.0],
        )?;
        messages.push(message);
        entries.push(Entry {
            event: Some(delivery.event),
            patient: row.opt_text(7)?,
            focal: Some(delivery.focal.to_owned()),
            version: Some(row.text(6)?),
            item: Some(item),
            outcome: Status::ReplacedByNewVersion.code().to_owned(),
            request_id: delivery.audit.request_id.clone(),
            ..Entry::new(Action::Status, delivery.audit.recorded, "server")
        });
    }
    audit::append(tx, ids, &entries)?;
    messages.sort_unstable();
    messages.dedup();
    for message in messages {
        mark_retrieved(tx, message, now)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_takes_the_versions_of_its_resources() {
        let template = Template(vec![
            Part::Text("a".into()),
            Part::Version(1),
            Part::Text("b".into()),
            Part::Version(0),
        ]);
        assert_eq!(template.fill(&["x", "y"]), "a/_history/yb/_history/x");
    }
}
