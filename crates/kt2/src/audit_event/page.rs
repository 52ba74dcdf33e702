//! Pages and totals of AuditEvents. What the trail decides by itself is one
//! statement a month; for all else a bounded number of events is looked at.

use koppeltaal_core::id::time_of_key;
use koppeltaal_core::search::{Condition, SortBy, SortKey, Span};
use koppeltaal_core::{Error, Result};
use koppeltaal_store::DomainTx;
use koppeltaal_store::audit::{self, EventRow, Order, OrderBy, Wanted};
use koppeltaal_store::resource::Stored;
use koppeltaal_store::resource::search::{Cursor, CursorValue, Page, Search};

use super::plan::{Plan, everything, plan};
use super::row::{node, resource, stored};
use super::sorted::{Place, place_of};
use crate::catalog::Catalog;
use crate::content::body;
use crate::matches::Subject;
use crate::neighbours::meets;

/// The most events that one search looks at.
const MOST: usize = 10_000;
/// Events that are read at a time.
const AT_ONCE: i64 = 500;
/// What a page link of another order leads to.
const FOREIGN: &str = "the page link does not belong to this order of results";

/// The page that `search` asks for. Fails with `Unprocessable` when too many events
/// would have to be looked at, with `Invalid` when the cursor is not one of this
/// order.
pub fn page(tx: &mut DomainTx<'_>, catalog: &Catalog, search: &Search) -> Result<Page> {
    let nothing = Page { found: Vec::new(), next: None };
    let Plan { wanted, rest } = plan(tx, catalog, &search.conditions)?;
    let Some(mut wanted) = wanted.filter(|_| search.limit > 0) else { return Ok(nothing) };
    let newest = match &search.after {
        None => None,
        Some(after) => Some(end_of_walk(after)?),
    };
    // What is written while the pages are read is no result: a walk towards the
    // newest would never end, as each page leaves an event itself.
    wanted.written.extend(newest.map(until));
    let room = usize::try_from(search.limit).unwrap_or(usize::MAX);
    let (mut found, last) = match order(catalog, &search.sort).filter(|_| rest.is_empty()) {
        Some(order) => {
            let after = search.after.as_ref().map(|after| Ok((first(after)?, after.key)));
            wanted.after = after.transpose()?;
            (wanted.order, wanted.limit) = (order, search.limit.saturating_add(1));
            let rows = audit::events(tx, &wanted)?;
            let last = (rows.len() > room).then(|| rows.get(room - 1)).flatten();
            let value = |row: &EventRow| match order.by {
                OrderBy::Date => row.date.0,
                OrderBy::Key => row.key,
            };
            let last = last.map(|row| (vec![CursorValue::Stamp(value(row))], row.key));
            (rows.iter().take(room).map(stored).collect::<Vec<_>>(), last)
        }
        None => {
            let mut places = looked_at(tx, catalog, wanted, &rest, &search.sort)?;
            places.sort_by(|one, other| one.compare(other, &search.sort));
            if let Some(after) = &search.after {
                let after = Place::at(after, search.sort.len()).ok_or_else(foreign)?;
                places.retain(|place| place.compare(&after, &search.sort).is_gt());
            }
            let last = (places.len() > room).then(|| places.get(room - 1)).flatten();
            let last = last.map(|place| (place.values.clone(), place.key));
            places.truncate(room);
            let keys: Vec<i64> = places.iter().map(|place| place.key).collect();
            (by_keys(tx, &keys)?, last)
        }
    };
    found.truncate(room);
    let next = match last {
        None => None,
        Some((mut values, key)) => {
            let newest = match newest {
                Some(newest) => newest,
                None => newest_key(tx)?,
            };
            values.push(CursorValue::Stamp(newest));
            Some(Cursor { values, key })
        }
    };
    Ok(Page { found, next })
}

/// How many events meet these conditions. Fails as [`page`].
pub fn count(tx: &mut DomainTx<'_>, catalog: &Catalog, conditions: &[Condition]) -> Result<i64> {
    let Plan { wanted, rest } = plan(tx, catalog, conditions)?;
    match wanted {
        None => Ok(0),
        Some(wanted) if rest.is_empty() => audit::count_events(tx, &wanted),
        Some(wanted) => {
            let places = looked_at(tx, catalog, wanted, &rest, &[])?;
            Ok(i64::try_from(places.len()).unwrap_or(i64::MAX))
        }
    }
}

/// Whether any event meets these conditions. Fails as [`page`].
pub fn any(tx: &mut DomainTx<'_>, catalog: &Catalog, conditions: &[Condition]) -> Result<bool> {
    let Plan { wanted, rest } = plan(tx, catalog, conditions)?;
    let Some(wanted) = wanted else { return Ok(false) };
    if rest.is_empty() {
        return Ok(!audit::events(tx, &Wanted { limit: 1, ..wanted })?.is_empty());
    }
    let mut is_there = false;
    each(tx, wanted, |tx, row| {
        is_there = seen(tx, catalog, row, &rest, &[])?.is_some();
        Ok(!is_there)
    })?;
    Ok(is_there)
}

/// At most `limit` events below this key that come from one of these Devices and were
/// written at this time or later, the newest first.
pub fn newest_first(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    conditions: &[Condition],
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Stored>> {
    let Plan { wanted, rest } = plan(tx, catalog, conditions)?;
    let Some(wanted) = wanted else { return Ok(Vec::new()) };
    let wanted = Wanted { after: before.map(|key| (key, key)), ..wanted };
    if rest.is_empty() {
        let rows = audit::events(tx, &Wanted { limit, ..wanted })?;
        return Ok(rows.iter().map(stored).collect());
    }
    // What the trail does not decide is asked of each: nobody sees what is not his.
    let mut found = Vec::new();
    each(tx, wanted, |tx, row| {
        if seen(tx, catalog, row, &rest, &[])?.is_some() {
            found.push(stored(row));
        }
        Ok(i64::try_from(found.len()).is_ok_and(|count| count < limit))
    })?;
    Ok(found)
}

/// At most `limit` events above this key, the oldest first.
pub fn oldest_first(tx: &mut DomainTx<'_>, after: i64, limit: i64) -> Result<Vec<Stored>> {
    let order = Order { by: OrderBy::Key, is_descending: false };
    let wanted = Wanted { order, after: Some((after, after)), limit, ..everything() };
    Ok(audit::events(tx, &wanted)?.iter().map(stored).collect())
}

/// The events with these keys, in this order.
pub fn by_keys(tx: &mut DomainTx<'_>, keys: &[i64]) -> Result<Vec<Stored>> {
    let mut found = Vec::with_capacity(keys.len());
    for some in keys.chunks(200) {
        let limit = i64::try_from(some.len()).unwrap_or(i64::MAX);
        let wanted = Wanted { keys: Some(some.to_vec()), limit, ..everything() };
        let rows = audit::events(tx, &wanted)?;
        let of_key = |key: &i64| rows.iter().find(|row| row.key == *key);
        found.extend(some.iter().filter_map(of_key).map(stored));
    }
    Ok(found)
}

/// The candidates that meet the rest, with their places in the order.
fn looked_at(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    wanted: Wanted,
    rest: &[Condition],
    sort: &[SortKey],
) -> Result<Vec<Place>> {
    let mut places = Vec::new();
    each(tx, wanted, |tx, row| {
        places.extend(seen(tx, catalog, row, rest, sort)?);
        Ok(true)
    })?;
    Ok(places)
}

/// The place of an event that meets the rest.
fn seen(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    row: &EventRow,
    rest: &[Condition],
    sort: &[SortKey],
) -> Result<Option<Place>> {
    let node = node(row);
    let event = resource(row, &node, body(&node));
    let indexed = catalog.index(&node, None);
    let subject = Subject {
        resource_type: event.resource_type,
        id: &event.id,
        origin: &event.origin,
        updated: event.updated,
        rows: &indexed.rows,
        words: &indexed.words,
    };
    let is_met = meets(tx, catalog, rest, &subject)?;
    Ok(is_met.then(|| place_of(row.key, &event.id, &indexed.rows, sort)))
}

/// Gives each candidate, the newest first, from the place on where `wanted` begins, until
/// `give` says no. Fails when there are too many.
pub fn each(
    tx: &mut DomainTx<'_>,
    wanted: Wanted,
    mut give: impl FnMut(&mut DomainTx<'_>, &EventRow) -> Result<bool>,
) -> Result<()> {
    let order = Order { by: OrderBy::Key, is_descending: true };
    let mut wanted = Wanted { order, limit: AT_ONCE, ..wanted };
    let mut looked = 0;
    loop {
        let rows = audit::events(tx, &wanted)?;
        for row in &rows {
            if looked == MOST {
                return Err(Error::Unprocessable(format!(
                    "This search looks at more than {MOST} AuditEvents one by one: narrow it by \
                     `date`, `entity` or `traceId`."
                )));
            }
            looked += 1;
            if !give(tx, row)? {
                return Ok(());
            }
        }
        match rows.last() {
            Some(last) if i64::try_from(rows.len()) == Ok(AT_ONCE) => {
                wanted.after = Some((last.key, last.key));
            }
            _ => return Ok(()),
        }
    }
}

/// The order, when the trail has it.
fn order(catalog: &Catalog, sort: &[SortKey]) -> Option<Order> {
    let numbers = catalog.skeletons.numbers(catalog);
    let is_date = |key: &SortKey| match &key.by {
        SortBy::Parameter(parameters) => {
            matches!(&parameters[..], [only] if numbers.is_date(*only))
        }
        SortBy::Updated | SortBy::Id => false,
    };
    match sort {
        [] => Some(Order { by: OrderBy::Key, is_descending: true }),
        // No two events have the same key, so what follows decides nothing.
        [SortKey { by: SortBy::Updated, is_descending }, ..] => {
            Some(Order { by: OrderBy::Key, is_descending: *is_descending })
        }
        [date] if is_date(date) => {
            Some(Order { by: OrderBy::Date, is_descending: date.is_descending })
        }
        [date, SortKey { by: SortBy::Updated, is_descending }, ..]
            if is_date(date) && date.is_descending == *is_descending =>
        {
            Some(Order { by: OrderBy::Date, is_descending: *is_descending })
        }
        _ => None,
    }
}

fn newest_key(tx: &mut DomainTx<'_>) -> Result<i64> {
    let rows = audit::events(tx, &Wanted { limit: 1, ..everything() })?;
    Ok(rows.first().map_or(0, |row| row.key))
}

/// Up to the millisecond of this key.
fn until(key: i64) -> Vec<Span> {
    let end = time_of_key(key).plus(std::time::Duration::from_millis(1));
    vec![Span { from: None, until: Some(end) }]
}

/// The newest event when the first page was read: the last value of a cursor.
fn end_of_walk(after: &Cursor) -> Result<i64> {
    match after.values.last() {
        Some(CursorValue::Stamp(newest)) => Ok(*newest),
        _ => Err(foreign()),
    }
}

fn first(after: &Cursor) -> Result<i64> {
    match after.values[..] {
        [CursorValue::Stamp(first), _] => Ok(first),
        _ => Err(foreign()),
    }
}

fn foreign() -> Error {
    Error::Invalid(FOREIGN.to_owned())
}
