//! The StorageItems of a patient that is erased, whatever application they belong to.

use std::collections::BTreeMap;

use koppeltaal_core::Result;

use super::usage::{self, Usage};
use crate::args;
use crate::scope::DomainTx;

/// How many items of the domain are about the patient.
pub fn count_of_patient(tx: &mut DomainTx<'_>, patient: &str) -> Result<u64> {
    let row = tx.query_one(
        "SELECT COUNT(*) FROM storage_item WHERE domain = $1 AND patient = $2",
        args![patient],
    )?;
    Ok(u64::try_from(row.unwrap_or_default().int(0)?).unwrap_or(0))
}

/// Removes at most so many of them, and tells how many.
pub fn erase_some(tx: &mut DomainTx<'_>, patient: &str, most: i64) -> Result<u64> {
    // In the order of everybody: what the patient's items take first, by application.
    let applications = tx.query(
        "SELECT application FROM storage_usage WHERE domain = $1 AND patient = $2
         ORDER BY application",
        args![patient],
    )?;
    for row in applications {
        usage::lock(tx, row.int(0)?, patient)?;
    }
    let rows = tx.query(
        "SELECT id, application, size FROM storage_item WHERE domain = $1 AND patient = $2
         ORDER BY application, changed, id LIMIT $3",
        args![patient, most],
    )?;
    let mut removed: BTreeMap<i64, Usage> = BTreeMap::new();
    for row in &rows {
        let of = removed.entry(row.int(1)?).or_default();
        of.items += 1;
        of.bytes += row.int(2)?;
        tx.later("DELETE FROM storage_item WHERE domain = $1 AND id = $2", args![row.int(0)?])?;
    }
    let mut all = Usage::default();
    for (application, of) in removed {
        usage::remove_from_patient(tx, application, patient, of)?;
        all.items -= of.items;
        all.bytes -= of.bytes;
    }
    if !rows.is_empty() {
        usage::add_to_domain(tx, all, None)?;
    }
    Ok(rows.len() as u64)
}
