//! Where resources come from, for those who decide once more who may be told of them.

use std::collections::{BTreeMap, HashMap};

use koppeltaal_core::Result;

use crate::filter::Filter;
use crate::scope::DomainTx;

/// The Devices that resources come from, by the number of their type and their id: one
/// statement for each type.
pub(crate) fn origins(
    tx: &mut DomainTx<'_>,
    wanted: BTreeMap<i64, Vec<&str>>,
) -> Result<HashMap<(i64, String), String>> {
    let mut found = HashMap::new();
    for (number, mut ids) in wanted {
        ids.sort_unstable();
        ids.dedup();
        let mut conditions = Filter::default();
        conditions.and("type = ", number).and_in("id", ids);
        let sql = format!("SELECT id, origin FROM resource WHERE domain = $1{}", conditions.sql());
        for mut row in tx.query(&sql, conditions.args())? {
            found.insert((number, row.text(0)?), row.text(1)?);
        }
    }
    Ok(found)
}
