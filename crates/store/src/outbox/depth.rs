//! How much waits and how much has been given up, for metrics and `doctor`.

use koppeltaal_core::{Result, Timestamp};

use crate::args;
use crate::tx::Tx;

/// What the outbox of a domain holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// The number of the domain.
    pub domain: i64,
    /// Notifications that wait for an attempt.
    pub pending: i64,
    /// Notifications that were given up.
    pub dead: i64,
    /// When the oldest pending one should have been tried.
    pub oldest_due: Option<Timestamp>,
}

/// The depth of every domain that has something pending or dead. Costs as much
/// as there is of that, not of what was delivered.
pub fn depth(tx: &mut dyn Tx) -> Result<Vec<Depth>> {
    let rows = tx.query(
        "SELECT domain, CAST(sum(pending) AS BIGINT), CAST(sum(dead) AS BIGINT), min(oldest) FROM (
           SELECT domain, count(*) AS pending, 0 AS dead, min(due) AS oldest
           FROM outbox WHERE state = 0 AND lane = 0 GROUP BY domain
           UNION ALL
           SELECT domain, count(*), 0, min(due)
           FROM outbox WHERE state = 0 AND lane > 0 GROUP BY domain
           UNION ALL
           SELECT domain, 0, count(*), NULL FROM outbox WHERE state = 2 GROUP BY domain
         ) AS counted GROUP BY domain ORDER BY domain",
        args![],
    )?;
    rows.into_iter()
        .map(|row| {
            Ok(Depth {
                domain: row.int(0)?,
                pending: row.int(1)?,
                dead: row.int(2)?,
                oldest_due: row.opt_int(3)?.map(Timestamp),
            })
        })
        .collect()
}
