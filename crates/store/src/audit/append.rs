//! Adding rows to the trail.

use std::collections::BTreeMap;

use koppeltaal_core::audit::Entry;
use koppeltaal_core::event::Event;
use koppeltaal_core::{Error, Result, Timestamp};

use super::{event, key, month, shape};
use crate::ids::Ids;
use crate::row;
use crate::scope::DomainTx;
use crate::tx::{ColumnType, OnConflict, Row, Table, Tx};

/// The columns of a month's table, in the order of [`to_row`].
pub(super) const COLUMNS: &[(&str, ColumnType)] = &[
    ("domain", ColumnType::Int),
    ("id", ColumnType::Int),
    ("action", ColumnType::Text),
    ("recorded", ColumnType::Int),
    ("instance", ColumnType::Int),
    ("agent", ColumnType::Text),
    ("event", ColumnType::Int),
    ("patient", ColumnType::Text),
    ("focal", ColumnType::Text),
    ("version", ColumnType::Text),
    ("item", ColumnType::Int),
    ("outcome", ColumnType::Text),
    ("detail", ColumnType::Text),
    ("request_id", ColumnType::Text),
    ("trace_id", ColumnType::Text),
    ("correlation_id", ColumnType::Text),
    ("given", ColumnType::Text),
    ("shape", ColumnType::Int),
    ("date", ColumnType::Int),
    ("content", ColumnType::Text),
];

pub(super) const KEY_COLUMNS: &[(&str, ColumnType)] =
    &[("domain", ColumnType::Int), ("key", ColumnType::Int), ("id", ColumnType::Int)];

/// The rows for the tables of a month.
#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    keys: Vec<(i64, i64, i64)>,
}

/// Adds rows to the trail of the domain and tells their numbers.
///
/// An event whose id was given and is there already is an [`Error::Conflict`].
pub fn append(tx: &mut DomainTx<'_>, ids: &Ids, entries: &[Entry]) -> Result<Vec<i64>> {
    let domain = tx.domain();
    insert(tx.outside(), ids, entries.iter().map(|entry| (domain, entry)))
}

/// Adds rows of several domains ([`super::SERVER`] for those of none): what
/// operators do, and what was read or refused.
pub fn append_across(tx: &mut dyn Tx, ids: &Ids, entries: &[(i64, Entry)]) -> Result<Vec<i64>> {
    insert(tx, ids, entries.iter().map(|(domain, entry)| (*domain, entry)))
}

fn insert<'a>(
    tx: &mut dyn Tx,
    ids: &Ids,
    entries: impl Iterator<Item = (i64, &'a Entry)>,
) -> Result<Vec<i64>> {
    let mut months: BTreeMap<i64, Rows> = BTreeMap::new();
    let mut numbers = Vec::new();
    for (domain, entry) in entries {
        let id = ids.trail_key(entry.recorded);
        numbers.push(id);
        let month = months.entry(month::month_of(id)).or_default();
        let mut shown = (None, None);
        if let Some(event) = &entry.resource {
            let mut tx = DomainTx::new(tx, domain);
            if let Some(given) = &event.id {
                refuse_known(&mut tx, given)?;
            }
            let (number, content) = shape::intern(&mut tx, ids.trail(), event)?;
            shown = (Some(number), content);
            month.keys.extend(key::keys_of(id, entry, event).iter().map(|key| (domain, *key, id)));
        }
        month.rows.push(to_row(domain, id, entry, shown));
    }
    for (month, Rows { rows, mut keys }) in months {
        month::ensure(tx, ids.trail(), month)?;
        let table = Table {
            name: &month::table(month),
            columns: COLUMNS,
            key: &["domain", "id"],
            on_conflict: OnConflict::Retry,
        };
        tx.insert_many(&table, &rows)?;
        // In their order neighbours are written together.
        keys.sort_unstable();
        let keys: Vec<Row> =
            keys.into_iter().map(|(domain, key, id)| row![domain, key, id]).collect();
        let table = Table {
            name: &month::key_table(month),
            columns: KEY_COLUMNS,
            key: &["domain", "key", "id"],
            on_conflict: OnConflict::Retry,
        };
        tx.insert_many(&table, &keys)?;
    }
    Ok(numbers)
}

/// Events know milliseconds: what is asked of their dates is asked of what they show.
fn in_millis(date: Timestamp) -> Timestamp {
    Timestamp(date.0 - date.0.rem_euclid(1000))
}

fn refuse_known(tx: &mut DomainTx<'_>, given: &str) -> Result<()> {
    if event::event(tx, given)?.is_some() {
        return Err(Error::Conflict(format!("AuditEvent/{given} is there already")));
    }
    Ok(())
}

fn to_row(domain: i64, id: i64, entry: &Entry, shown: (Option<i64>, Option<String>)) -> Row {
    let (shape, content) = shown;
    let event = entry.resource.as_ref();
    row![
        domain,
        id,
        entry.action.code(),
        entry.recorded,
        entry.instance,
        entry.agent.as_str(),
        entry.event.map(Event::number),
        entry.patient.as_deref(),
        entry.focal.as_deref(),
        entry.version.as_deref(),
        entry.item,
        entry.outcome.as_str(),
        entry.detail.as_deref(),
        entry.request_id.as_deref(),
        entry.trace_id.as_deref(),
        entry.correlation_id.as_deref(),
        event.and_then(|event| event.id.as_deref()),
        shape,
        event.map(|event| in_millis(event.date).0),
        content,
    ]
}
