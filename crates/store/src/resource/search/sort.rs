//! Orders other than that of time: every candidate is looked at, and the place of
//! a page is given by the values of the last result.

use koppeltaal_core::search::{SortBy, SortKey};
use koppeltaal_core::{Error, Result};

use super::condition::{Subject, and_all, few};
use super::cursor::{Cursor, CursorValue};
use super::driver::{Driver, Prepared, Source, candidates, smallest, stamps_of};
use super::page::{MANY, driver};
use crate::resource::sql::{BY_STAMP, Sql};
use crate::scope::DomainTx;
use crate::tx::{Dialect, Row, Value};

/// A result and its place in the order.
pub(super) struct Place {
    pub(super) stamp: i64,
    pub(super) values: Vec<CursorValue>,
}

/// The error of a cursor that another order gave.
pub(super) fn foreign() -> Error {
    Error::Invalid("the page link does not belong to this order of results".to_owned())
}

/// The first `limit` results after this place.
pub(super) fn places(
    tx: &mut DomainTx<'_>,
    prepared: &Prepared<'_>,
    sort: &[SortKey],
    after: Option<&Cursor>,
    limit: i64,
) -> Result<Vec<Place>> {
    few(sort.len())?;
    let candidates = candidates(&prepared.conditions)?;
    let driver = match driver(tx, &candidates)? {
        Some(driver) => driver,
        None => smallest(tx, &candidates, MANY)?.unwrap_or(Driver::TYPE),
    };
    if driver.source.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new(tx.dialect());
    let number = sql.bind(prepared.kind.number);
    let hint = sql.dialect().indexed_by("resource_stamp");
    let is_of_type = format!("r.domain = $1 AND r.type = {number} AND r.deleted = 0");
    let from = match (&driver.source, sql.dialect()) {
        (Source::Type, _) => format!("resource r{hint} WHERE {is_of_type}"),
        (source, dialect) => {
            let stamps = stamps_of(&mut sql, prepared.kind, source, "")?;
            let resource = format!("resource r{hint} WHERE {is_of_type} AND r.stamp = c.stamp");
            match dialect {
                Dialect::Sqlite => format!("({stamps}) c CROSS JOIN {resource}"),
                // Looked up one by one, whatever the planner thinks.
                Dialect::Postgres => format!(
                    "({stamps}) c CROSS JOIN LATERAL (SELECT * FROM {resource} OFFSET 0) r \
                     WHERE 1 = 1"
                ),
            }
        }
    };
    let subject = Subject { kind: prepared.kind, stamp: "r.stamp", row: Some("r") };
    let rest = and_all(&mut sql, subject, &prepared.conditions, driver.answers)?;
    let columns: Vec<String> = sort
        .iter()
        .enumerate()
        .map(|(at, key)| format!("{} AS k{at}", value_of(&mut sql, key)))
        .collect();
    let beyond = after.map(|after| beyond(&mut sql, sort, after)).transpose()?;
    let beyond = beyond.unwrap_or_else(|| "1 = 1".to_owned());
    let order: String = sort
        .iter()
        .enumerate()
        .map(|(at, key)| {
            let direction = if key.is_descending { "DESC" } else { "ASC" };
            format!("CASE WHEN o.k{at} IS NULL THEN 1 ELSE 0 END, o.k{at} {direction}, ")
        })
        .collect();
    let limit = sql.bind(limit);
    let text = format!(
        "SELECT o.* FROM (SELECT r.stamp AS stamp, r.key AS key, {} FROM {from}{rest}{}) o \
         WHERE {beyond} ORDER BY {order}o.key LIMIT {limit}",
        columns.join(", "),
        sql.fence()
    );
    let rows = sql.query(tx, &text)?;
    let place = |mut row: Row| {
        let values = row.0.split_off(2).into_iter().map(|value| match value {
            Value::Null => Ok(CursorValue::Missing),
            Value::Int(stamp) => Ok(CursorValue::Stamp(stamp)),
            Value::Text(text) => Ok(CursorValue::Text(text)),
            Value::Bytes(_) => Err(Error::internal("bytes are not sorted by")),
        });
        Ok(Place { values: values.collect::<Result<_>>()?, stamp: row.int(0)? })
    };
    rows.into_iter().map(place).collect()
}

/// The expression of a sort key.
fn value_of(sql: &mut Sql, key: &SortKey) -> String {
    match &key.by {
        SortBy::Updated => "r.stamp".to_owned(),
        SortBy::Id => "r.id".to_owned(),
        SortBy::Parameter(parameters) => {
            let (end, row) = (if key.is_descending { "max" } else { "min" }, sql.name('s'));
            let is_of = sql.is_of(&row, parameters);
            format!(
                "(SELECT {end}({row}.value) FROM search_index {row}{} WHERE {row}.domain = $1 \
                 AND {row}.stamp = r.stamp AND {is_of})",
                sql.dialect().indexed_by(BY_STAMP)
            )
        }
    }
}

/// Whether a result comes after the cursor: its first value that differs does, or
/// none differs and its key does.
fn beyond(sql: &mut Sql, sort: &[SortKey], after: &Cursor) -> Result<String> {
    if after.values.len() != sort.len() {
        return Err(foreign());
    }
    let mut alternatives = Vec::with_capacity(sort.len() + 1);
    let mut same = String::new();
    for (at, (key, value)) in sort.iter().zip(&after.values).enumerate() {
        let fits = matches!(
            (&key.by, value),
            (SortBy::Updated, CursorValue::Stamp(_))
                | (SortBy::Id, CursorValue::Text(_))
                | (SortBy::Parameter(_), CursorValue::Text(_) | CursorValue::Missing)
        );
        if !fits {
            return Err(foreign());
        }
        let value = match value {
            CursorValue::Missing => {
                // Nothing comes after what is missing.
                same += &format!("o.k{at} IS NULL AND ");
                continue;
            }
            CursorValue::Stamp(stamp) => sql.bind(*stamp),
            CursorValue::Text(text) => sql.bind(text.as_str()),
        };
        let sign = if key.is_descending { "<" } else { ">" };
        alternatives.push(format!("{same}(o.k{at} {sign} {value} OR o.k{at} IS NULL)"));
        same += &format!("o.k{at} = {value} AND ");
    }
    alternatives.push(format!("{same}o.key > {}", sql.bind(after.key)));
    Ok(format!("(({}))", alternatives.join(") OR (")))
}
