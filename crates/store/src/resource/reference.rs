//! References between resources: do their targets exist, who refers to a
//! resource, and where do the references of a page lead.
//!
//! Whoever writes a reference holds the target with [`missing`], whoever deletes
//! a resource holds it with `locked` before it asks [`referring`]: one of them
//! waits for the other, so no reference is left hanging.

use koppeltaal_core::{Error, Result, resource_type};

use super::kind;
use crate::filter::Filter;
use crate::scope::DomainTx;
use crate::tx::Arg;

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
        let mut filter = Filter::default();
        let wanted = wanted(&mut filter, some);
        // Locked in the order of the list, as everybody locks.
        let sql = format!(
            "WITH w (type, id) AS (VALUES {wanted})
             SELECT r.type, r.id FROM w CROSS JOIN resource r
             WHERE r.domain = $1 AND r.type = w.type AND r.id = w.id AND r.deleted = 0
             ORDER BY r.type, r.id{}",
            tx.dialect().for_share_of_r()
        );
        for mut row in tx.query(&sql, filter.args())? {
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

/// The rows of a list of types and ids, filled up to a power of two.
fn wanted<'a>(filter: &mut Filter<'a>, some: &[(i64, &'a str)]) -> String {
    let missing = some.len().next_power_of_two() - some.len();
    let padded = some.iter().chain(some.last().into_iter().cycle().take(missing));
    let rows: Vec<String> = padded
        .map(|(number, id)| {
            let (number, id) = (filter.bind(*number), filter.bind(*id));
            format!("(CAST({number} AS BIGINT), CAST({id} AS TEXT))")
        })
        .collect();
    rows.join(", ")
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
    let mut filter = Filter::default();
    filter.and("x.value = ", &value).and("x.stamp <> ", own).and_in("x.parameter", parameters);
    let limit = filter.bind(limit.max(0));
    let sql = format!(
        "SELECT DISTINCT x.stamp FROM search_index x{}
         WHERE x.domain = $1{} LIMIT {limit}",
        tx.dialect().by_primary_key(),
        filter.sql()
    );
    let stamps = tx.query(&sql, filter.args())?;
    let stamps: Vec<i64> = stamps.iter().map(|row| row.int(0)).collect::<Result<_>>()?;
    of_any_type(tx, &stamps)
}

/// The resources with these stamps. An index row does not name its type, so each
/// type that the domain has is asked.
fn of_any_type(tx: &mut DomainTx<'_>, stamps: &[i64]) -> Result<Vec<(&'static str, String)>> {
    let mut found = Vec::with_capacity(stamps.len());
    for some in stamps.chunks(AT_ONCE) {
        let mut filter = Filter::default();
        filter.and_in("r.stamp", some);
        let sql = format!(
            "WITH RECURSIVE t (type) AS (
               SELECT min(f.type) FROM resource f WHERE f.domain = $1 AND f.deleted = 0
               UNION ALL
               SELECT (SELECT min(n.type) FROM resource n
                       WHERE n.domain = $1 AND n.deleted = 0 AND n.type > t.type)
               FROM t WHERE t.type IS NOT NULL)
             SELECT r.type, r.id FROM t CROSS JOIN resource r
             WHERE r.domain = $1 AND r.type = t.type AND r.deleted = 0{}",
            filter.sql()
        );
        for mut row in tx.query(&sql, filter.args())? {
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
        let mut filter = Filter::default();
        filter.and("r.type = ", kind.number).and_in("r.stamp", some);
        let sql = format!(
            "SELECT r.stamp, r.id FROM resource r{} WHERE r.domain = $1{} AND r.deleted = 0",
            tx.dialect().indexed_by("resource_stamp"),
            filter.sql()
        );
        for mut row in tx.query(&sql, filter.args())? {
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
        let mut filter = Filter::default();
        filter.and("x.parameter = ", parameter).and_in("x.stamp", some.iter().map(Arg::from));
        let sql = format!(
            "SELECT DISTINCT x.stamp, x.value FROM search_index x{} WHERE x.domain = $1{}",
            tx.dialect().indexed_by("search_index_stamp"),
            filter.sql()
        );
        for mut row in tx.query(&sql, filter.args())? {
            found.push((row.int(0)?, row.text(1)?));
        }
    }
    Ok(found)
}
