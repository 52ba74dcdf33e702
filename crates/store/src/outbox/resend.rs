//! Sending a settled notification again, as an operator asks for a dead letter
//! whose endpoint has been repaired. The caller writes the audit row.

use koppeltaal_core::notification::State;
use koppeltaal_core::{Error, Result, Timestamp};

use crate::args;
use crate::scope::DomainTx;

/// Begins a new round of attempts, the first of them due at once. What is
/// pending already is refused.
pub fn resend(tx: &mut DomainTx<'_>, id: i64, now: Timestamp) -> Result<()> {
    let lock = tx.dialect().for_update();
    let row = tx
        .query_one(
            &format!("SELECT state FROM outbox WHERE domain = $1 AND id = $2{lock}"),
            args![id],
        )?
        .ok_or_else(|| Error::NotFound(format!("there is no notification {id}")))?;
    if State::from_number(row.int(0)?) == State::Pending {
        return Err(Error::Conflict(format!("notification {id} is pending already")));
    }
    tx.later(
        "UPDATE outbox SET state = 0, failed = 0, rounds = rounds + 1, next_attempt = $3, due = $3
         WHERE domain = $1 AND id = $2",
        args![id, now],
    )
}
