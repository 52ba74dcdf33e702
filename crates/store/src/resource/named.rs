//! Resources by type and id, many at once and without their content: are they
//! there, have they ever been, and which version is the current one.

use koppeltaal_core::Result;

use super::kind;
use super::sql::Sql;
use crate::scope::DomainTx;
use crate::tx::Dialect;

/// Resources that one statement looks up.
const AT_ONCE: usize = 64;

/// Which resources are looked for, and what becomes of those that are found.
#[derive(Debug, Clone, Copy)]
enum Which {
    /// Those that are not deleted; they stay so.
    Present,
    /// All that there ever were.
    Ever,
    /// All that there ever were; nobody else changes them, or comes to refer to them.
    Locked,
}

/// Which of these resources (type and id) do not exist or are deleted, by their
/// place in the list. Those that exist stay so until the transaction ends.
pub fn missing<T: AsRef<str>, I: AsRef<str>>(
    tx: &mut DomainTx<'_>,
    references: &[(T, I)],
) -> Result<Vec<usize>> {
    places_without(tx, references, Which::Present)
}

/// Which of these resources (type and id) have never been there, by their place in
/// the list: what was deleted has been. Nothing is held.
pub fn unknown<T: AsRef<str>, I: AsRef<str>>(
    tx: &mut DomainTx<'_>,
    references: &[(T, I)],
) -> Result<Vec<usize>> {
    places_without(tx, references, Which::Ever)
}

/// The stamps of the current versions of these resources (type and id), which may
/// be deletions, in the order of the list; `None` where there is no such resource.
/// Nobody else changes those that exist, or comes to refer to them, until the
/// transaction ends.
pub fn locked_stamps<T: AsRef<str>, I: AsRef<str>>(
    tx: &mut DomainTx<'_>,
    references: &[(T, I)],
) -> Result<Vec<Option<i64>>> {
    let wanted = numbered(references);
    let found = find(tx, &wanted, Which::Locked)?;
    Ok(wanted.iter().map(|one| found.stamp(one)).collect())
}

fn places_without<T: AsRef<str>, I: AsRef<str>>(
    tx: &mut DomainTx<'_>,
    references: &[(T, I)],
    which: Which,
) -> Result<Vec<usize>> {
    let wanted = numbered(references);
    let found = find(tx, &wanted, which)?;
    let missing = wanted.iter().enumerate().filter(|(_, one)| found.stamp(one).is_none());
    Ok(missing.map(|(place, _)| place).collect())
}

/// The resources with the numbers of their types; no type has the number 0.
fn numbered<T: AsRef<str>, I: AsRef<str>>(references: &[(T, I)]) -> Vec<(i64, &str)> {
    let number = |name: &T| kind(name.as_ref()).map_or(0, |kind| kind.number);
    references.iter().map(|(name, id)| (number(name), id.as_ref())).collect()
}

/// Type, id and stamp of resources, in the order of types and ids.
struct Found(Vec<(i64, String, i64)>);

impl Found {
    fn stamp(&self, wanted: &(i64, &str)) -> Option<i64> {
        let place =
            self.0.binary_search_by(|(number, id, _)| (*number, id.as_str()).cmp(wanted)).ok()?;
        self.0.get(place).map(|(_, _, stamp)| *stamp)
    }
}

fn find(tx: &mut DomainTx<'_>, wanted: &[(i64, &str)], which: Which) -> Result<Found> {
    let mut in_order = wanted.to_vec();
    in_order.sort_unstable();
    in_order.dedup();
    let mut found = Vec::with_capacity(in_order.len());
    for some in in_order.chunks(AT_ONCE) {
        let mut sql = Sql::new(tx.dialect());
        let text = select(&mut sql, some, which);
        for mut row in sql.query(tx, &text)? {
            found.push((row.int(0)?, row.text(1)?, row.int(2)?));
        }
    }
    found.sort_unstable();
    Ok(Found(found))
}

/// Selects those of these types and ids that there are; PostgreSQL locks them in
/// this order, as everybody locks.
fn select(sql: &mut Sql, some: &[(i64, &str)], which: Which) -> String {
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
            let and = match which {
                Which::Present => " AND r.deleted = 0",
                Which::Ever | Which::Locked => "",
            };
            format!(
                "WITH w (type, id) AS (VALUES {}) \
                 SELECT r.type, r.id, r.stamp FROM w CROSS JOIN resource r INDEXED BY resource_id \
                 WHERE r.domain = $1 AND r.type = w.type AND r.id = w.id{and}",
                rows.join(", ")
            )
        }
        Dialect::Postgres => {
            let and = match which {
                Which::Present => " AND r.deleted + 0 = 0 FOR SHARE",
                Which::Ever => " OFFSET 0",
                Which::Locked => " FOR UPDATE",
            };
            format!(
                "SELECT r.type, r.id, r.stamp FROM unnest(CAST(ARRAY[{}] AS BIGINT[]), \
                   CAST(ARRAY[{}] AS TEXT[])) w (type, id) \
                 CROSS JOIN LATERAL (SELECT r.type, r.id, r.stamp FROM resource r \
                   WHERE r.domain = $1 AND r.type = w.type AND r.id = w.id{and}) r",
                sql.bind_each(&numbers).join(", "),
                sql.bind_each(&ids).join(", ")
            )
        }
    }
}
