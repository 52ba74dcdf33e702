//! What waits in a mailbox, told by the stamp of its newest item: enough to know whether
//! anything has come, or has become New again, since somebody looked.

use koppeltaal_core::Result;
use koppeltaal_core::version::Stamp;

use super::key_of;
use crate::args;
use crate::scope::DomainTx;

/// The stamp of the recipient's newest New item that can be claimed; with a patient
/// (URL without version), of those about that patient.
pub fn newest_new(
    tx: &mut DomainTx<'_>,
    recipient: i64,
    patient: Option<&str>,
) -> Result<Option<Stamp>> {
    let row = match patient {
        None => {
            let sql = format!(
                "SELECT stamp FROM kt1_item{}
                 WHERE domain = $1 AND recipient = $2 AND status = 0 AND expired = 0
                 ORDER BY id + 0 DESC LIMIT 1",
                tx.dialect().indexed_by("kt1_item_new")
            );
            tx.query_one(&sql, args![recipient])?
        }
        Some(patient) => {
            let sql = format!(
                "SELECT stamp FROM kt1_item{}
                 WHERE domain = $1 AND recipient = $2 AND patient_key = $3 AND status = 0
                   AND expired = 0
                 ORDER BY id + 0 DESC LIMIT 1",
                tx.dialect().indexed_by("kt1_item_new_patient")
            );
            tx.query_one(&sql, args![recipient, key_of(patient)])?
        }
    };
    row.map(|row| row.int(0).map(Stamp)).transpose()
}
