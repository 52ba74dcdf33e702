//! A subscription works again: what it missed is sent anew, in order.

use koppeltaal_core::{Result, Timestamp};

use crate::args;
use crate::scope::DomainTx;

/// Makes at most `limit` dead letters of a lane, the oldest first, due at once, and
/// tells how many. After the commit the delivery wants a wake.
pub fn revive(tx: &mut DomainTx<'_>, lane: i64, now: Timestamp, limit: i64) -> Result<i64> {
    let revived = tx.execute(
        "UPDATE outbox SET state = 0, failed = 0, rounds = 0, next_attempt = $3, due = $3
         WHERE domain = $1 AND id IN
           (SELECT o.id FROM outbox o WHERE o.domain = $1 AND o.lane = $2 AND o.lane > 0
              AND o.state = 2 ORDER BY o.id LIMIT $4)",
        args![lane, now, limit],
    )?;
    Ok(i64::try_from(revived).unwrap_or(i64::MAX))
}
