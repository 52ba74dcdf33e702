//! Erasing a patient: launches for it, and launches by it, with their tokens.

use koppeltaal_core::Result;

use super::expiry::remove;
use crate::args;
use crate::mailbox::key_of;
use crate::scope::DomainTx;

/// How many launches concern the patient (a URL without version).
pub fn count_of_patient(tx: &mut DomainTx<'_>, patient: &str) -> Result<u64> {
    Ok(numbers(tx, patient, i64::MAX)?.len() as u64)
}

/// Removes launches of the patient, at most `limit`, and tells how many.
pub fn erase_of_patient(tx: &mut DomainTx<'_>, patient: &str, limit: i64) -> Result<u64> {
    let numbers = numbers(tx, patient, limit)?;
    for number in &numbers {
        remove(tx, *number)?;
    }
    Ok(numbers.len() as u64)
}

/// The indexes hold 64 bits of a hash; what they find is compared whole.
fn numbers(tx: &mut DomainTx<'_>, patient: &str, limit: i64) -> Result<Vec<i64>> {
    let mut found = Vec::new();
    for (key, column) in [("patient_key", "patient"), ("user_key", "user_url")] {
        let sql = format!(
            "SELECT number, {column} FROM sso_authorization
             WHERE domain = $1 AND {key} = $2 LIMIT $3"
        );
        for mut row in tx.query(&sql, args![key_of(patient), limit])? {
            let (number, url) = (row.int(0)?, row.text(1)?);
            let rest = url.strip_prefix(patient);
            let is_it = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("/_history/"));
            if is_it && !found.contains(&number) {
                found.push(number);
            }
        }
    }
    Ok(found)
}
