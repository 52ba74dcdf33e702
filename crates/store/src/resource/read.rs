//! read: the current version of a resource.

use koppeltaal_core::Result;

use super::sql::Sql;
use super::{COLUMNS, Stored, kind, stored};
use crate::args;
use crate::scope::DomainTx;

/// Ids that one statement reads.
const AT_ONCE: usize = 64;

/// The current version; of a deleted resource the deletion, with the body of the
/// version before. `None`: the domain has no such resource.
pub fn read(tx: &mut DomainTx<'_>, resource_type: &str, id: &str) -> Result<Option<Stored>> {
    current(tx, resource_type, id, "")
}

/// [`read`] in a transaction that writes: nobody else changes the resource, or
/// comes to refer to it, until the transaction ends.
pub fn locked(tx: &mut DomainTx<'_>, resource_type: &str, id: &str) -> Result<Option<Stored>> {
    let lock = tx.dialect().for_update();
    current(tx, resource_type, id, lock)
}

fn current(
    tx: &mut DomainTx<'_>,
    resource_type: &str,
    id: &str,
    lock: &str,
) -> Result<Option<Stored>> {
    let Some(kind) = kind(resource_type) else { return Ok(None) };
    let sql = format!(
        "SELECT {COLUMNS} FROM resource r WHERE r.domain = $1 AND r.type = $2 AND r.id = $3{lock}"
    );
    tx.query_one(&sql, args![kind.number, id])?.map(stored).transpose()
}

/// The current versions of those of these resources (type and id) that exist and
/// are not deleted, each once, in no order.
pub fn by_ids<T: AsRef<str>, I: AsRef<str>>(
    tx: &mut DomainTx<'_>,
    wanted: &[(T, I)],
) -> Result<Vec<Stored>> {
    let mut numbered: Vec<(i64, &str)> = wanted
        .iter()
        .filter_map(|(name, id)| Some((kind(name.as_ref())?.number, id.as_ref())))
        .collect();
    numbered.sort_unstable();
    numbered.dedup();
    let mut found = Vec::with_capacity(numbered.len());
    for of_type in numbered.chunk_by(|a, b| a.0 == b.0) {
        for some in of_type.chunks(AT_ONCE) {
            let mut sql = Sql::new(tx.dialect());
            let and = format!(" AND r.type = {} AND r.deleted + 0 = 0", sql.bind(some[0].0));
            let ids: Vec<&str> = some.iter().map(|(_, id)| *id).collect();
            let hint = sql.dialect().indexed_by("resource_id");
            let from = sql.one_of(("resource", "r", &hint), "id", &ids, &and);
            for row in sql.query(tx, &format!("SELECT {COLUMNS} FROM {from}"))? {
                found.push(stored(row)?);
            }
        }
    }
    Ok(found)
}
