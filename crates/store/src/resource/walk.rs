//! Walking through the resources of a domain in the order in which they came, a
//! page at a time: for what concerns all of them (export, reindexing), without a
//! snapshot that is held for long.

use koppeltaal_core::Result;

use super::{COLUMNS, Stored, kind, stored};
use crate::filter::Filter;
use crate::scope::DomainTx;

/// At most `limit` resources that are not deleted, with a key above `after`, in
/// the order of their keys: of these types, or of all when absent.
pub fn walk(
    tx: &mut DomainTx<'_>,
    after: i64,
    types: Option<&[&str]>,
    limit: i64,
) -> Result<Vec<Stored>> {
    let mut filter = of_types(types);
    filter.and("r.key > ", after);
    let limit = filter.bind(limit.max(0));
    let sql = format!(
        "SELECT {COLUMNS} FROM resource r{}
         WHERE r.domain = $1 AND r.deleted = 0{} ORDER BY r.key LIMIT {limit}",
        // The automatic index of the primary key: that of the types has another order.
        tx.dialect().indexed_by("sqlite_autoindex_resource_1"),
        filter.sql()
    );
    tx.query(&sql, filter.args())?.into_iter().map(stored).collect()
}

/// How many resources [`walk`] gives above `after`.
pub fn walk_count(tx: &mut DomainTx<'_>, after: i64, types: Option<&[&str]>) -> Result<i64> {
    let mut filter = of_types(types);
    filter.and("r.key > ", after);
    let sql = format!(
        "SELECT COUNT(*) FROM resource r WHERE r.domain = $1 AND r.deleted = 0{}",
        filter.sql()
    );
    tx.query_one(&sql, filter.args())?.unwrap_or_default().int(0)
}

fn of_types<'a>(types: Option<&[&str]>) -> Filter<'a> {
    let mut filter = Filter::default();
    if let Some(types) = types {
        filter.and_in("r.type", types.iter().filter_map(|name| Some(kind(name)?.number)));
    }
    filter
}
