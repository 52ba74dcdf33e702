//! Housekeeping: notifications that nobody will ask about any more.

use std::time::Duration;

use koppeltaal_core::id::first_key_at;
use koppeltaal_core::{Result, Timestamp};

use crate::args;
use crate::scope::DomainTx;

const DAY: Duration = Duration::from_secs(86_400);

/// How long a delivered notification is kept.
pub const KEEP_DELIVERED: Duration = Duration::from_secs(14 * DAY.as_secs());
/// How long a dead one is kept: as long as the body of its message can be.
pub const KEEP_DEAD: Duration = Duration::from_secs(56 * DAY.as_secs());

/// Notifications that have been kept long enough, at most `limit` after `after`:
/// to be asked for in a read, and removed in pieces. What a subscription missed stays
/// while it is in error: it is sent when the subscription works again.
pub fn removable(
    tx: &mut DomainTx<'_>,
    now: Timestamp,
    after: i64,
    limit: i64,
) -> Result<Vec<i64>> {
    let delivered = now.minus(KEEP_DELIVERED);
    tx.query(
        "SELECT id FROM outbox
         WHERE domain = $1 AND id > $2 AND id < $3 AND due < $4
           AND (state = 1 OR (due < $5 AND (state = 2 OR lane = 0)))
           AND NOT (state = 2 AND lane > 0 AND EXISTS
             (SELECT 1 FROM subscription s
              WHERE s.domain = $1 AND s.key = outbox.lane AND s.state = 2))
         ORDER BY id LIMIT $6",
        args![after, first_key_at(delivered), delivered, now.minus(KEEP_DEAD), limit],
    )?
    .into_iter()
    .map(|row| row.int(0))
    .collect()
}

/// Removes these with their attempts, except what was sent again in between.
pub fn remove(tx: &mut DomainTx<'_>, ids: &[i64], now: Timestamp) -> Result<()> {
    for id in ids {
        tx.later(
            "DELETE FROM outbox WHERE domain = $1 AND id = $2 AND (state <> 0 OR lane = 0) AND due < $3",
            args![*id, now.minus(KEEP_DELIVERED)],
        )?;
        tx.later(
            "DELETE FROM attempt WHERE domain = $1 AND notification = $2 AND NOT EXISTS
               (SELECT 1 FROM outbox o WHERE o.domain = $1 AND o.id = $2)",
            args![*id],
        )?;
    }
    Ok(())
}

/// Removes the notifications of mailbox items (instance and item) that are
/// being erased, whatever their state.
pub fn remove_of_items(tx: &mut DomainTx<'_>, items: &[(i64, i64)]) -> Result<()> {
    for (instance, item) in items {
        tx.later(
            "DELETE FROM attempt WHERE domain = $1 AND notification IN
               (SELECT o.id FROM outbox o WHERE o.domain = $1 AND o.instance = $2 AND o.item = $3)",
            args![*instance, *item],
        )?;
        tx.later(
            "DELETE FROM outbox WHERE domain = $1 AND instance = $2 AND item = $3",
            args![*instance, *item],
        )?;
    }
    Ok(())
}
