//! References between resources: do their targets exist, who refers to a
//! resource, and where do the references of a page lead.
//!
//! Whoever writes a reference holds the target with [`missing`], whoever deletes
//! a resource holds it with `locked` before it asks [`referring`]: one of them
//! waits for the other, so no reference is left hanging.

use koppeltaal_core::{Error, Result, resource_type};

use super::kind;
use super::sql::{BY_STAMP, BY_VALUE, Sql};
use crate::scope::DomainTx;
use crate::tx::Dialect;

/// References that one statement looks up.
const AT_ONCE: usize = 64;

/// Which of these resources (type and id) do not exist or are deleted, by their
/// place in the list. Those that exist stay so until the transaction ends.
pub fn missing<T: AsRef<str>, I: AsRef<str>>(
    tx: &mut DomainTx<'_>,
    references: &[(T, I)],
) -> Result<Vec<usize>> {
    let numbered: Vec<(i64, &str)> = references
        .iter()
        .map(|(name, id)| (kind(name.as_ref()).map_or(0, |kind| kind.number), id.as_ref()))
        .collect();
    let mut in_order = numbered.clone();
    in_order.sort_unstable();
    in_order.dedup();
    let mut found = Vec::with_capacity(in_order.len());
    for some in in_order.chunks(AT_ONCE) {
        let mut sql = Sql::new(tx.dialect());
        let text = held(&mut sql, some);
        for mut row in sql.query(tx, &text)? {
            found.push((row.int(0)?, row.text(1)?));
        }
    }
    found.sort_unstable();
    let is_there = |wanted: &(i64, &str)| {
        found.binary_search_by(|(number, id)| (*number, id.as_str()).cmp(wanted)).is_ok()
    };
    let missing = numbered.iter().enumerate().filter(|(_, wanted)| !is_there(wanted));
    Ok(missing.map(|(place, _)| place).collect())
}

/// Selects those of these types and ids that exist; on PostgreSQL it locks them in
/// this order, as everybody locks.
fn held(sql: &mut Sql, some: &[(i64, &str)]) -> String {
    let numbers: Vec<i64> = some.iter().map(|(number, _)| *number).collect();
    let ids: Vec<&str> = some.iter().map(|(_, id)| *id).collect();
    match sql.dialect() {
        Dialect::Sqlite => {
            let rows: Vec<String> = sql
                .bind_each(&numbers)
                .iter()
                .zip(sql.bind_each(&ids))
                .map(|(number, id)| format!("({number}, {id})"))
                .collect();
            format!(
                "WITH w (type, id) AS (VALUES {}) \
                 SELECT r.type, r.id FROM w CROSS JOIN resource r INDEXED BY resource_id \
                 WHERE r.domain = $1 AND r.type = w.type AND r.id = w.id AND r.deleted = 0",
                rows.join(", ")
            )
        }
        Dialect::Postgres => format!(
            "SELECT r.type, r.id FROM unnest(CAST(ARRAY[{}] AS BIGINT[]), \
               CAST(ARRAY[{}] AS TEXT[])) w (type, id) \
             CROSS JOIN LATERAL (SELECT r.type, r.id FROM resource r WHERE r.domain = $1 \
               AND r.type = w.type AND r.id = w.id AND r.deleted + 0 = 0 FOR SHARE) r",
            sql.bind_each(&numbers).join(", "),
            sql.bind_each(&ids).join(", ")
        ),
    }
}

/// At most `limit` other resources (type and id) that refer to this one by one of
/// these parameters.
pub fn referring(
    tx: &mut DomainTx<'_>,
    resource_type: &str,
    id: &str,
    parameters: &[i64],
    limit: i64,
) -> Result<Vec<(&'static str, String)>> {
    let own = super::read(tx, resource_type, id)?.map_or(0, |known| known.stamp);
    let value = format!("{resource_type}/{id}");
    if parameters.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::new(tx.dialect());
    let and = format!(" AND x.value = {} AND x.stamp <> {}", sql.bind(value), sql.bind(own));
    let hint = sql.dialect().indexed_by(BY_VALUE);
    let from = sql.one_of(("search_index", "x", &hint), "parameter", parameters, &and);
    let limit = sql.bind(limit.max(0));
    let text = format!("SELECT DISTINCT x.stamp FROM {from} LIMIT {limit}");
    let stamps = sql.query(tx, &text)?;
    let stamps: Vec<i64> = stamps.iter().map(|row| row.int(0)).collect::<Result<_>>()?;
    of_any_type(tx, &stamps)
}

/// The resources with these stamps. An index row does not name its type, so each
/// type that the domain has is asked.
fn of_any_type(tx: &mut DomainTx<'_>, stamps: &[i64]) -> Result<Vec<(&'static str, String)>> {
    let mut found = Vec::with_capacity(stamps.len());
    for some in stamps.chunks(AT_ONCE) {
        let mut sql = Sql::new(tx.dialect());
        let and = " AND r.type = t.type AND r.deleted = 0";
        let hint = sql.dialect().indexed_by("resource_stamp");
        let from = sql.one_of(("resource", "r", &hint), "stamp", some, and);
        let text = format!(
            "WITH RECURSIVE t (type) AS (
               SELECT min(f.type) FROM resource f WHERE f.domain = $1 AND f.deleted = 0
               UNION ALL
               SELECT (SELECT min(n.type) FROM resource n
                       WHERE n.domain = $1 AND n.deleted = 0 AND n.type > t.type)
               FROM t WHERE t.type IS NOT NULL)
             SELECT r.type, r.id FROM t CROSS JOIN {from}"
        );
        for mut row in sql.query(tx, &text)? {
            let number = row.int(0)?;
            let name = resource_type::name(number)
                .ok_or_else(|| Error::internal(format!("no type has the number {number}")))?;
            found.push((name, row.text(1)?));
        }
    }
    Ok(found)
}

/// Stamp and id of the resources of one type with these stamps.
pub(super) fn of_type(
    tx: &mut DomainTx<'_>,
    resource_type: &str,
    stamps: &[i64],
) -> Result<Vec<(i64, String)>> {
    let Some(kind) = kind(resource_type) else { return Ok(Vec::new()) };
    let mut found = Vec::with_capacity(stamps.len());
    for some in stamps.chunks(AT_ONCE) {
        let mut sql = Sql::new(tx.dialect());
        let and = format!(" AND r.type = {} AND r.deleted = 0", sql.bind(kind.number));
        let hint = sql.dialect().indexed_by("resource_stamp");
        let from = sql.one_of(("resource", "r", &hint), "stamp", some, &and);
        for mut row in sql.query(tx, &format!("SELECT r.stamp, r.id FROM {from}"))? {
            found.push((row.int(0)?, row.text(1)?));
        }
    }
    Ok(found)
}

/// Where the references by `parameter` of the resources with these stamps lead,
/// with the stamp of each.
pub fn referenced(
    tx: &mut DomainTx<'_>,
    stamps: &[i64],
    parameter: i64,
) -> Result<Vec<(i64, String)>> {
    let mut found = Vec::new();
    for some in stamps.chunks(AT_ONCE) {
        let mut sql = Sql::new(tx.dialect());
        let and = format!(" AND x.parameter = {}", sql.bind(parameter));
        let hint = sql.dialect().indexed_by(BY_STAMP);
        let from = sql.one_of(("search_index", "x", &hint), "stamp", some, &and);
        let text = format!("SELECT DISTINCT x.stamp, x.value FROM {from}");
        for mut row in sql.query(tx, &text)? {
            found.push((row.int(0)?, row.text(1)?));
        }
    }
    Ok(found)
}
