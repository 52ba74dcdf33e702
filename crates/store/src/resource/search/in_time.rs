//! Results in the order of time, from the index alone as far as possible: the walk of
//! the condition that the fewest resources meet, with a probe of the others for each.

use koppeltaal_core::Result;

use super::condition::{Subject, and_all};
use super::driver::{Driver, Prepared, Source, candidates, smallest, stamps_of, walk_of};
use super::page::{MANY, driver};
use crate::resource::sql::Sql;
use crate::resource::{COLUMNS, Kind, Stored, stored};
use crate::scope::DomainTx;
use crate::tx::{Dialect, Row};

/// How far a walk goes before it is given up.
const FAR: i64 = 2_000;

/// What is read of the resources that are found.
pub(super) struct Fetch<T> {
    /// Whether that is the resource and not its stamp alone: one statement finds and
    /// reads it then.
    is_whole: bool,
    read: fn(Row) -> Result<T>,
}

/// Their stamps.
pub(super) const STAMPS: Fetch<i64> = Fetch { is_whole: false, read: |row| row.int(0) };
/// Themselves.
pub(super) const RESOURCES: Fetch<Stored> = Fetch { is_whole: true, read: stored };

/// The first `limit` resources after this stamp in the order of time; stamps in that
/// order, whole resources in none.
pub(super) fn in_time<T>(
    tx: &mut DomainTx<'_>,
    prepared: &Prepared<'_>,
    newest_first: bool,
    after: Option<i64>,
    limit: i64,
    fetch: &Fetch<T>,
) -> Result<Vec<T>> {
    let stretch = Stretch { newest_first, after, until: None, limit };
    let candidates = candidates(&prepared.conditions)?;
    if let Some(driver) = driver(tx, &candidates)? {
        return walked(tx, prepared, &driver, stretch, fetch);
    }
    // Nothing is few. The page is often full after a short walk; when what is
    // wanted is old, the walk ends early and the fewest candidates are sorted.
    let walk = candidates.iter().find(|candidate| candidate.walks().is_some());
    let walk = walk.cloned().unwrap_or(Driver::TYPE);
    let Some(until) = far(tx, prepared.kind, stretch)? else {
        return walked(tx, prepared, &walk, stretch, fetch);
    };
    let near = Stretch { until: Some(until), ..stretch };
    let found = walked(tx, prepared, &walk, near, fetch)?;
    if found.len() as i64 >= limit {
        return Ok(found);
    }
    let driver = smallest(tx, &candidates, MANY)?.unwrap_or(walk);
    walked(tx, prepared, &driver, stretch, fetch)
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

/// The resources of a stretch that a driver leads to.
fn walked<T>(
    tx: &mut DomainTx<'_>,
    prepared: &Prepared<'_>,
    driver: &Driver,
    stretch: Stretch,
    fetch: &Fetch<T>,
) -> Result<Vec<T>> {
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
    let text = match fetch.is_whole {
        true => whole(&mut sql, prepared.kind, &text),
        false => text,
    };
    sql.query(tx, &text)?.into_iter().map(fetch.read).collect()
}

/// Reads the resources whose stamps a query selects.
fn whole(sql: &mut Sql, kind: Kind, stamps: &str) -> String {
    let (name, number) = (sql.name('d'), sql.bind(kind.number));
    let is_it = format!("r.type = {number} AND r.stamp = {name}.stamp AND r.deleted = 0");
    let from = match sql.dialect() {
        Dialect::Sqlite => format!(
            "({stamps}) {name} CROSS JOIN resource r{} WHERE r.domain = $1 AND {is_it}",
            sql.dialect().indexed_by("resource_stamp")
        ),
        // Looked up one by one, whatever the planner thinks.
        Dialect::Postgres => format!(
            "({stamps}) {name} CROSS JOIN LATERAL (SELECT {COLUMNS} FROM resource r \
             WHERE r.domain = $1 AND {is_it} OFFSET 0) r"
        ),
    };
    format!("SELECT {COLUMNS} FROM {from}")
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
