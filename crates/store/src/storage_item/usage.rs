//! What items take: a row for each application and patient, and one for the domain. They are changed
//! in the transaction of the item, so that a limit is never passed.

use koppeltaal_core::{Error, Result, size};

use super::{Draft, Limits};
use crate::args;
use crate::scope::DomainTx;

/// What items take together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many there are.
    pub items: i64,
    /// Their bytes.
    pub bytes: i64,
}

/// What all items of the domain take.
pub fn total(tx: &mut DomainTx<'_>) -> Result<Usage> {
    let row = tx.query_one("SELECT items, bytes FROM storage_total WHERE domain = $1", args![])?;
    row.map_or(Ok(Usage::default()), |row| Ok(Usage { items: row.int(0)?, bytes: row.int(1)? }))
}

/// Makes others who change items of this patient wait.
pub(super) fn lock(tx: &mut DomainTx<'_>, application: i64, patient: &str) -> Result<()> {
    let sql = format!(
        "SELECT items FROM storage_usage WHERE domain = $1 AND application = $2 AND patient = $3{}",
        tx.dialect().for_update()
    );
    tx.query(&sql, args![application, patient]).map(drop)
}

/// Adds to what the patient's items take. A limit that this passes is an error, which undoes the
/// transaction.
pub(super) fn add_to_patient(
    tx: &mut DomainTx<'_>,
    draft: &Draft,
    added: Usage,
    limits: Limits,
) -> Result<()> {
    let now = change(tx, draft.application, &draft.patient, added)?;
    if added.items > 0 && now.items > limits.items {
        return Err(Error::Unprocessable(format!(
            "This application has {} StorageItems about this patient already, which is the limit: \
             delete some first.",
            limits.items
        )));
    }
    if added.bytes > 0 && now.bytes > limits.bytes {
        return Err(Error::Unprocessable(format!(
            "The StorageItems of this application about this patient would take more than the {} \
             that they may: delete some first.",
            shown(limits.bytes)
        )));
    }
    Ok(())
}

/// The last statement of a change, because everybody who writes items of the domain waits for it.
pub(super) fn add_to_domain(tx: &mut DomainTx<'_>, added: Usage, most: Option<i64>) -> Result<()> {
    let sql = "INSERT INTO storage_total (domain, items, bytes) VALUES ($1, $2, $3)
         ON CONFLICT (domain) DO UPDATE SET items = storage_total.items + excluded.items,
           bytes = storage_total.bytes + excluded.bytes
         WHERE storage_total.domain = $1 RETURNING bytes";
    let row = tx.query_one(sql, args![added.items, added.bytes])?;
    let bytes = row.unwrap_or_default().int(0)?;
    match most {
        Some(most) if added.bytes > 0 && bytes > most => Err(Error::Unprocessable(format!(
            "The storage of this domain is full: its items would take more than the {} that they \
             may. Delete some, or ask the administrator of the domain for more.",
            shown(most)
        ))),
        _ => Ok(()),
    }
}

/// Takes away what was deleted of a patient. Nothing stays of a patient without items.
pub(super) fn remove_from_patient(
    tx: &mut DomainTx<'_>,
    application: i64,
    patient: &str,
    removed: Usage,
) -> Result<()> {
    let added = Usage { items: -removed.items, bytes: -removed.bytes };
    if change(tx, application, patient, added)?.items <= 0 {
        tx.later(
            "DELETE FROM storage_usage WHERE domain = $1 AND application = $2 AND patient = $3",
            args![application, patient],
        )?;
    }
    Ok(())
}

fn change(tx: &mut DomainTx<'_>, application: i64, patient: &str, added: Usage) -> Result<Usage> {
    let sql = "INSERT INTO storage_usage (domain, application, patient, items, bytes)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (domain, application, patient) DO UPDATE
           SET items = storage_usage.items + excluded.items,
               bytes = storage_usage.bytes + excluded.bytes
         WHERE storage_usage.domain = $1 RETURNING items, bytes";
    let row = tx.query_one(sql, args![application, patient, added.items, added.bytes])?;
    let row = row.unwrap_or_default();
    Ok(Usage { items: row.int(0)?, bytes: row.int(1)? })
}

fn shown(bytes: i64) -> String {
    size::format(u64::try_from(bytes).unwrap_or_default())
}
