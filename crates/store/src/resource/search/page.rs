//! A page of results. First the stamps are found, from the index alone as far as
//! possible; then the resources of the page are read.

use std::collections::HashMap;

use koppeltaal_core::Result;
use koppeltaal_core::search::{Condition, SortBy, SortKey};

use super::chain::prepare;
use super::condition::{Subject, and_all};
use super::cursor::{Cursor, CursorValue};
use super::driver::{Driver, Prepared, ROUNDS, Source, candidates, smallest, stamps_of, walk_of};
use super::sort::{self, Place};
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

/// How far a walk goes before it is given up.
const FAR: i64 = 2_000;
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
    let mut places: Vec<Place> = match in_time(&search.sort) {
        Some(newest_first) => {
            let after = search.after.as_ref().map(|after| after.stamp().ok_or_else(sort::foreign));
            let after = after.transpose()?;
            let stamps = stamps_in_time(tx, &prepared, newest_first, after, limit)?;
            stamps.into_iter().map(Place::in_time).collect()
        }
        None => sort::places(tx, &prepared, &search.sort, search.after.as_ref(), limit)?,
    };
    let more = places.len() as i64 > search.limit;
    places.truncate(usize::try_from(search.limit).unwrap_or(usize::MAX));
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
fn in_time(sort: &[SortKey]) -> Option<bool> {
    match sort.first() {
        None => Some(true),
        Some(SortKey { by: SortBy::Updated, is_descending }) => Some(*is_descending),
        Some(_) => None,
    }
}

/// The stamps of the first `limit` resources after this stamp in the order of time.
pub(super) fn stamps_in_time(
    tx: &mut DomainTx<'_>,
    prepared: &Prepared<'_>,
    newest_first: bool,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<i64>> {
    let stretch = Stretch { newest_first, after, until: None, limit };
    let candidates = candidates(&prepared.conditions)?;
    if let Some(driver) = driver(tx, &candidates)? {
        return stamps(tx, prepared, &driver, stretch);
    }
    // Nothing is few. The page is often full after a short walk; when what is
    // wanted is old, the walk ends early and the fewest candidates are sorted.
    let walk = candidates.iter().find(|candidate| candidate.walks().is_some());
    let walk = walk.cloned().unwrap_or(Driver::TYPE);
    let Some(until) = far(tx, prepared.kind, stretch)? else {
        return stamps(tx, prepared, &walk, stretch);
    };
    let found = stamps(tx, prepared, &walk, Stretch { until: Some(until), ..stretch })?;
    if found.len() as i64 >= limit {
        return Ok(found);
    }
    let driver = smallest(tx, &candidates, MANY)?.unwrap_or(walk);
    stamps(tx, prepared, &driver, stretch)
}

/// A part of the order of time.
#[derive(Clone, Copy)]
struct Stretch {
    newest_first: bool,
    after: Option<i64>,
    /// The last stamp, if it ends anywhere.
    until: Option<i64>,
    limit: i64,
}

impl Stretch {
    fn order(self) -> &'static str {
        if self.newest_first { "DESC" } else { "ASC" }
    }

    /// ` AND …` of what a query calls `{row}`.
    fn condition(self, sql: &mut Sql) -> String {
        let (beyond, up_to) = if self.newest_first { ("<", ">=") } else { (">", "<=") };
        [(beyond, self.after), (up_to, self.until)]
            .into_iter()
            .filter_map(|(sign, stamp)| Some((sign, stamp?)))
            .map(|(sign, stamp)| format!(" AND {{row}}.stamp {sign} {}", sql.bind(stamp)))
            .collect()
    }
}

/// Where a walk of the type has come far, if it comes that far.
fn far(tx: &mut DomainTx<'_>, kind: Kind, stretch: Stretch) -> Result<Option<i64>> {
    let mut sql = Sql::new(tx.dialect());
    let and = stretch.condition(&mut sql);
    let all = stamps_of(&mut sql, kind, &Source::Type, &and)?;
    let far = sql.bind(FAR);
    let text = format!("{all} ORDER BY stamp {} LIMIT 1 OFFSET {far}", stretch.order());
    sql.query(tx, &text)?.first().map(|row| row.int(0)).transpose()
}

/// The stamps of a stretch that a driver leads to.
fn stamps(
    tx: &mut DomainTx<'_>,
    prepared: &Prepared<'_>,
    driver: &Driver,
    stretch: Stretch,
) -> Result<Vec<i64>> {
    if driver.source.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new(tx.dialect());
    let order = stretch.order();
    let and_after = stretch.condition(&mut sql);
    let limit = sql.bind(stretch.limit);
    let end = |name: &str| format!(" ORDER BY {name}.stamp {order} LIMIT {limit}");
    let text = match (&driver.source, driver.walks()) {
        (_, Some(tests)) => {
            let mut walks = Vec::with_capacity(tests.len());
            for test in tests {
                let (select, row) = walk_of(&mut sql, test);
                let stamp = format!("{row}.stamp");
                let subject = Subject { kind: prepared.kind, stamp: &stamp, row: None };
                let rest = and_all(&mut sql, subject, &prepared.conditions, driver.answers)?;
                let and_after = and_after.replace("{row}", &row);
                walks.push(format!("{select}{and_after}{rest}{}", end(&row)));
            }
            side_by_side(&mut sql, walks, end)
        }
        (Source::Type, None) => {
            let row = sql.name('r');
            let stamp = format!("{row}.stamp");
            let subject = Subject { kind: prepared.kind, stamp: &stamp, row: Some(&row) };
            let rest = and_all(&mut sql, subject, &prepared.conditions, None)?;
            let number = sql.bind(prepared.kind.number);
            format!(
                "SELECT {row}.stamp FROM resource {row}{} WHERE {row}.domain = $1 \
                 AND {row}.type = {number} AND {row}.deleted = 0{}{rest}{}",
                sql.dialect().indexed_by("resource_stamp"),
                and_after.replace("{row}", &row),
                end(&row)
            )
        }
        (source, None) => {
            let stamps = stamps_of(&mut sql, prepared.kind, source, &and_after)?;
            let name = sql.name('d');
            let stamp = format!("{name}.stamp");
            let subject = Subject { kind: prepared.kind, stamp: &stamp, row: None };
            let rest = and_all(&mut sql, subject, &prepared.conditions, driver.answers)?;
            format!(
                "SELECT {name}.stamp FROM ({stamps}{}) {name} WHERE 1 = 1{rest}{}",
                sql.fence(),
                end(&name)
            )
        }
    };
    sql.query(tx, &text)?.iter().map(|row| row.int(0)).collect()
}

/// Several walks as one, each resource once.
fn side_by_side(sql: &mut Sql, mut walks: Vec<String>, end: impl Fn(&str) -> String) -> String {
    if let [_] = &walks[..] {
        return walks.remove(0);
    }
    let walks: Vec<String> =
        walks.into_iter().map(|walk| format!("SELECT * FROM ({walk}) {}", sql.name('p'))).collect();
    let name = sql.name('u');
    format!("SELECT {name}.stamp FROM ({}) {name}{}", walks.join(" UNION "), end(&name))
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

impl Place {
    fn in_time(stamp: i64) -> Self {
        Self { stamp, values: vec![CursorValue::Stamp(stamp)] }
    }
}
