//! Searching the StorageItems of an application, by the time of their last change.
//!
//! A page ends when it has its number of items, or before an item that would make it too large to
//! be held in memory. The page after it begins after its last item, so that following pages loses
//! none while items change: what changes moves to the end.

use koppeltaal_core::{Result, Timestamp};

use super::{COLUMNS, Item, Owner, from_row};
use crate::filter::Filter;
use crate::scope::DomainTx;

/// What the key of an item is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyTest {
    /// It is this text.
    Is(String),
    /// It begins with this text.
    StartsWith(String),
    /// It holds this text.
    Contains(String),
}

/// Which items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Whose.
    pub owner: Owner,
    /// With this number.
    pub id: Option<i64>,
    /// Of this type of object.
    pub object_type: Option<String>,
    /// With a key that passes all of these.
    pub keys: Vec<KeyTest>,
    /// Changed at this moment or later.
    pub from: Option<Timestamp>,
    /// Changed before this moment.
    pub until: Option<Timestamp>,
    /// The last changed first.
    pub is_descending: bool,
}

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many items at most.
    pub count: i64,
    /// How many bytes of items, if it is more than one.
    pub bytes: i64,
    /// How many items to pass over, when `after` does not say.
    pub offset: i64,
    /// Items after the one that changed then and has this number.
    pub after: Option<(Timestamp, i64)>,
}

/// A page of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its items.
    pub items: Vec<Item>,
    /// Whether others follow.
    pub more: bool,
    /// How many there are in all; counted up to 10,000.
    pub total: i64,
}

/// Totals are counted up to here.
const COUNTED: i64 = 10_000;

/// A page of the items.
pub fn search(tx: &mut DomainTx<'_>, wanted: &Search, page: Page) -> Result<Found> {
    let (ids, more) = ids_of(tx, wanted, page)?;
    let mut filter = Filter::default();
    filter.and_in("id", ids.iter().copied());
    let sql = format!("SELECT {COLUMNS} FROM storage_item WHERE domain = $1{}", filter.sql());
    let rows = if ids.is_empty() { Vec::new() } else { tx.query(&sql, filter.args())? };
    let mut items = rows.into_iter().map(from_row).collect::<Result<Vec<_>>>()?;
    items.sort_by_key(|item| ids.iter().position(|id| *id == item.id));
    Ok(Found { items, more, total: count(tx, wanted)? })
}

/// The items of the page, from the index and without their content; and whether others follow.
fn ids_of(tx: &mut DomainTx<'_>, wanted: &Search, page: Page) -> Result<(Vec<i64>, bool)> {
    let mut filter = conditions(wanted);
    let (beyond, order) = match wanted.is_descending {
        false => (">", "changed, id"),
        true => ("<", "changed DESC, id DESC"),
    };
    if let Some((changed, id)) = page.after {
        let (changed, id) = (filter.bind(changed), filter.bind(id));
        filter.and_fixed(&format!("(changed, id) {beyond} ({changed}, {id})"));
    }
    let limit = filter.bind(page.count.saturating_add(1));
    let offset = match page.after.is_none() && page.offset > 0 {
        true => format!(" OFFSET {}", filter.bind(page.offset)),
        false => String::new(),
    };
    let sql = format!(
        "SELECT id, size FROM storage_item{} WHERE domain = $1{} ORDER BY {order}
         LIMIT {limit}{offset}",
        tx.dialect().indexed_by(index(wanted)),
        filter.sql()
    );
    let rows = tx.query(&sql, filter.args())?;
    let (mut ids, mut bytes) = (Vec::new(), 0);
    for row in &rows {
        bytes += row.int(1)?;
        if ids.len() as i64 == page.count || (!ids.is_empty() && bytes > page.bytes) {
            return Ok((ids, true));
        }
        ids.push(row.int(0)?);
    }
    Ok((ids, false))
}

fn count(tx: &mut DomainTx<'_>, wanted: &Search) -> Result<i64> {
    let mut filter = conditions(wanted);
    let most = filter.bind(COUNTED);
    let sql = format!(
        "SELECT COUNT(*) FROM
           (SELECT 1 FROM storage_item{} WHERE domain = $1{} LIMIT {most}) AS counted",
        tx.dialect().indexed_by(index(wanted)),
        filter.sql()
    );
    tx.query_one(&sql, filter.args())?.unwrap_or_default().int(0)
}

/// The index that leads to these items past the fewest others.
fn index(wanted: &Search) -> &'static str {
    let by_key = |test: &KeyTest| !matches!(test, KeyTest::Contains(_));
    match wanted {
        _ if wanted.owner.patient.is_some() => "storage_item_patient",
        _ if wanted.keys.iter().any(by_key) => "storage_item_key",
        _ => "storage_item_changed",
    }
}

fn conditions(wanted: &Search) -> Filter<'_> {
    let mut filter = Filter::default();
    filter.and("application = ", wanted.owner.application);
    if let Some(patient) = &wanted.owner.patient {
        filter.and("patient = ", patient);
    }
    if let Some(id) = wanted.id {
        filter.and("id = ", id);
    }
    if let Some(object_type) = &wanted.object_type {
        filter.and("object_type = ", object_type);
    }
    for test in &wanted.keys {
        match test {
            KeyTest::Is(key) => {
                filter.and("object_key = ", key);
            }
            KeyTest::StartsWith(start) => {
                let start = filter.bind(start);
                // The range is what an index can answer; the text itself decides.
                filter.and_fixed(&format!(
                    "object_key >= {start} AND object_key < {start} || '\u{10ffff}\u{10ffff}'
                     AND substr(object_key, 1, length({start})) = {start}"
                ));
            }
            KeyTest::Contains(part) => {
                let part = filter.bind(part);
                filter.and_fixed(&format!("replace(object_key, {part}, '') <> object_key"));
            }
        }
    }
    if let Some(from) = wanted.from {
        filter.and("changed >= ", from);
    }
    if let Some(until) = wanted.until {
        filter.and("changed < ", until);
    }
    filter
}
