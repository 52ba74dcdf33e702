//! References between resources: who refers to a resource, and where do the
//! references of a page lead.
//!
//! Whoever writes a reference holds the target with `missing`, whoever deletes a
//! resource holds it with `locked` before it asks [`referring`]: one of them waits
//! for the other, so no reference is left hanging.

use koppeltaal_core::{Error, Result, resource_type};

use super::kind;
use super::sql::{BY_STAMP, BY_VALUE, Sql};
use crate::scope::DomainTx;

/// Stamps that one statement looks up.
const AT_ONCE: usize = 64;

/// A resource that refers to another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Referring {
    /// Its type.
    pub resource_type: &'static str,
    /// Its id.
    pub id: String,
    /// The stamp of the version that refers. It is not held: another one may be
    /// current when it is looked at again, and refer to something else.
    pub stamp: i64,
}

/// At most `limit` other resources that refer to this one by one of these
/// parameters.
pub fn referring(
    tx: &mut DomainTx<'_>,
    resource_type: &str,
    id: &str,
    parameters: &[i64],
    limit: i64,
) -> Result<Vec<Referring>> {
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
fn of_any_type(tx: &mut DomainTx<'_>, stamps: &[i64]) -> Result<Vec<Referring>> {
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
             SELECT r.type, r.id, r.stamp FROM t CROSS JOIN {from}"
        );
        for mut row in sql.query(tx, &text)? {
            let number = row.int(0)?;
            let resource_type = resource_type::name(number)
                .ok_or_else(|| Error::internal(format!("no type has the number {number}")))?;
            found.push(Referring { resource_type, id: row.text(1)?, stamp: row.int(2)? });
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

/// The ids of at most `limit` resources of a type that are referred to by `parameter`,
/// whether they are there or not; each once.
pub fn referred_ids(
    tx: &mut DomainTx<'_>,
    parameter: i64,
    resource_type: &str,
    limit: i64,
) -> Result<Vec<String>> {
    let mut sql = Sql::new(tx.dialect());
    let (parameter, limit) = (sql.bind(parameter), sql.bind(limit.max(0)));
    // `0` follows `/` in the order of bytes.
    let (from, to) = (sql.bind(format!("{resource_type}/")), sql.bind(format!("{resource_type}0")));
    let text = format!(
        "SELECT DISTINCT x.value FROM search_index x{} WHERE x.domain = $1 \
         AND x.parameter = {parameter} AND x.value > {from} AND x.value < {to} LIMIT {limit}",
        sql.dialect().indexed_by(BY_VALUE)
    );
    let rows = sql.query(tx, &text)?;
    let ids = rows.into_iter().map(|mut row| {
        let value = row.text(0)?;
        Ok(value.split_once('/').map(|(_, id)| id.to_owned()))
    });
    ids.filter_map(Result::transpose).collect()
}
