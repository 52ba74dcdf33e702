//! A page of results: in the order of time one statement finds and reads them; in
//! other orders first the stamps are found.

use std::collections::HashMap;

use koppeltaal_core::Result;
use koppeltaal_core::search::{Condition, SortBy, SortKey};

use super::chain::prepare;
use super::cursor::{Cursor, CursorValue};
use super::driver::{Driver, ROUNDS, smallest};
use super::in_time::{RESOURCES, in_time};
use super::sort;
use crate::resource::sql::Sql;
use crate::resource::{COLUMNS, Kind, Stored, stored};
use crate::scope::DomainTx;

/// A search for one page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The type of the resources.
    pub resource_type: String,
    /// What each is to meet. The parameters are those of the type.
    pub conditions: Vec<Condition>,
    /// The order; the newest first when empty. Resources that are equal in it are
    /// in the order in which they were created.
    pub sort: Vec<SortKey>,
    /// The page begins after this place; with the first result when absent.
    pub after: Option<Cursor>,
    /// The most results.
    pub limit: i64,
}

/// The results of a search, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The resources in their current versions, none of them deleted.
    pub found: Vec<Stored>,
    /// Where this page ended; absent when no more results follow.
    pub next: Option<Cursor>,
}

/// How far candidates are counted that are sorted then.
pub(super) const MANY: &[i64] = &[10_000, 100_000, 1_000_000];

/// Resources read by one statement.
const AT_ONCE: usize = 256;

/// The page that `search` asks for. Fails with `Invalid` when the cursor
/// is not one of this order, or a condition has too many alternatives.
pub fn page(tx: &mut DomainTx<'_>, search: &Search) -> Result<Page> {
    let nothing = Page { found: Vec::new(), next: None };
    if search.limit <= 0 {
        return Ok(nothing);
    }
    let Some(prepared) = prepare(tx, &search.resource_type, &search.conditions)? else {
        return Ok(nothing);
    };
    // One more than the page tells whether another follows.
    let limit = search.limit.saturating_add(1);
    let room = usize::try_from(search.limit).unwrap_or(usize::MAX);
    if let Some(newest_first) = newest_first(&search.sort) {
        let after = search.after.as_ref().map(|after| after.stamp().ok_or_else(sort::foreign));
        let mut found =
            in_time(tx, &prepared, newest_first, after.transpose()?, limit, &RESOURCES)?;
        // A join has no order.
        found.sort_unstable_by_key(|stored| stored.stamp);
        if newest_first {
            found.reverse();
        }
        let more = found.len() > room;
        found.truncate(room);
        let next = found
            .last()
            .filter(|_| more)
            .map(|last| Cursor { values: vec![CursorValue::Stamp(last.stamp)], key: last.key });
        return Ok(Page { found, next });
    }
    let mut places = sort::places(tx, &prepared, &search.sort, search.after.as_ref(), limit)?;
    let more = places.len() > room;
    places.truncate(room);
    let stamps: Vec<i64> = places.iter().map(|place| place.stamp).collect();
    let found = by_stamps(tx, prepared.kind, &stamps)?;
    let next = match (more, places.pop(), found.last()) {
        (true, Some(last), Some(stored)) => Some(Cursor { values: last.values, key: stored.key }),
        _ => None,
    };
    Ok(Page { found, next })
}

/// Whether the order is that of time, and then whether the newest come first. No
/// two resources have the same time, so what follows it decides nothing.
fn newest_first(sort: &[SortKey]) -> Option<bool> {
    match sort.first() {
        None => Some(true),
        Some(SortKey { by: SortBy::Updated, is_descending }) => Some(*is_descending),
        Some(_) => None,
    }
}

/// What a search begins with, unless every condition is met by many.
pub(super) fn driver(tx: &mut DomainTx<'_>, candidates: &[Driver]) -> Result<Option<Driver>> {
    match candidates {
        [] => Ok(Some(Driver::TYPE)),
        // Nothing to choose between: its walk ends with the page.
        [only] if only.walks().is_some() => Ok(Some(only.clone())),
        _ => smallest(tx, candidates, ROUNDS),
    }
}

/// The resources of a type with these stamps, in this order.
pub(super) fn by_stamps(tx: &mut DomainTx<'_>, kind: Kind, stamps: &[i64]) -> Result<Vec<Stored>> {
    let mut found = HashMap::with_capacity(stamps.len());
    for some in stamps.chunks(AT_ONCE) {
        let mut sql = Sql::new(tx.dialect());
        let and = format!(" AND r.type = {} AND r.deleted = 0", sql.bind(kind.number));
        let hint = sql.dialect().indexed_by("resource_stamp");
        let from = sql.one_of(("resource", "r", &hint), "stamp", some, &and);
        let text = format!("SELECT {COLUMNS} FROM {from}");
        for row in sql.query(tx, &text)? {
            let stored = stored(row)?;
            found.insert(stored.stamp, stored);
        }
    }
    Ok(stamps.iter().filter_map(|stamp| found.remove(stamp)).collect())
}
