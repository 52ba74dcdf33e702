//! Ending an authorization before its time: its code and tokens are worthless from
//! the commit on, in every process.

use koppeltaal_core::audit::Entry;
use koppeltaal_core::{Result, Timestamp};

use crate::ids::Ids;
use crate::scope::DomainTx;
use crate::{args, audit};

/// Revokes an authorization. False when there is none with this number, or when it
/// was revoked before; then nothing is recorded.
pub fn revoke(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    now: Timestamp,
    number: i64,
    entry: &Entry,
) -> Result<bool> {
    let revoked = tx.execute(
        "UPDATE sso_authorization SET revoked = $3
         WHERE domain = $1 AND number = $2 AND revoked IS NULL",
        args![number, now],
    )?;
    if revoked == 1 {
        audit::append(tx, ids, &[Entry { item: Some(number), ..entry.clone() }])?;
    }
    Ok(revoked == 1)
}
