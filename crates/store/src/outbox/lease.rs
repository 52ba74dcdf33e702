//! Taking due notifications. A process looks which instances have any, decides
//! how many of each it wants, and leases those: an instance with a long backlog
//! never stands in front of another.

use koppeltaal_core::{Result, Timestamp};

use super::list::{Generation, Trigger};
use crate::args;
use crate::scope::DomainTx;
use crate::tx::{Row, Tx};

/// An instance with pending notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The number of its domain.
    pub domain: i64,
    /// Its number.
    pub instance: i64,
    /// When the first of them can be taken; in the future while they are leased
    /// or between attempts.
    pub due: Timestamp,
}

/// Every instance with pending notifications: one step in the index for each,
/// however many notifications it has, whatever else the outbox holds.
///
/// SQLite seeks in an index by several columns only when what they are compared
/// with has no affinity (hence the `+`), and it seeks to what is equal and reads
/// on from there (hence the greatest time, which no notification has).
pub fn waiting(tx: &mut dyn Tx) -> Result<Vec<Waiting>> {
    let rows = tx.query(
        "WITH RECURSIVE found (domain, instance, due) AS (
           SELECT * FROM (SELECT domain, instance, due FROM outbox WHERE state = 0 AND lane = 0
                          ORDER BY domain, instance, due LIMIT 1) AS first
           UNION ALL
           SELECT
             (SELECT o.domain FROM outbox o
              WHERE o.state = 0 AND o.lane = 0 AND (o.domain, o.instance, o.due)
                > (+found.domain, +found.instance, 9223372036854775807)
              ORDER BY o.domain, o.instance, o.due LIMIT 1),
             (SELECT o.instance FROM outbox o
              WHERE o.state = 0 AND o.lane = 0 AND (o.domain, o.instance, o.due)
                > (+found.domain, +found.instance, 9223372036854775807)
              ORDER BY o.domain, o.instance, o.due LIMIT 1),
             (SELECT o.due FROM outbox o
              WHERE o.state = 0 AND o.lane = 0 AND (o.domain, o.instance, o.due)
                > (+found.domain, +found.instance, 9223372036854775807)
              ORDER BY o.domain, o.instance, o.due LIMIT 1)
           FROM found WHERE found.domain IS NOT NULL
         )
         SELECT domain, instance, due FROM found WHERE domain IS NOT NULL",
        args![],
    )?;
    rows.into_iter()
        .map(|row| {
            Ok(Waiting { domain: row.int(0)?, instance: row.int(1)?, due: Timestamp(row.int(2)?) })
        })
        .collect()
}

/// How many notifications of an instance are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The number of its domain.
    pub domain: i64,
    /// Its number.
    pub instance: i64,
    /// At most so many.
    pub limit: i64,
}

/// A notification that this process alone may send until its lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The number of its domain.
    pub domain: i64,
    /// Its key.
    pub id: i64,
    /// The face it belongs to.
    pub generation: Generation,
    /// The number of the instance to tell.
    pub instance: i64,
    /// The identifier of the message.
    pub identifier: String,
    /// Failed attempts of this round.
    pub failed: u32,
    /// When this attempt was meant to be made.
    pub next_attempt: Timestamp,
    /// Who caused this round of attempts.
    pub trigger: Trigger,
    /// When the lease ends; names the lease when the outcome is recorded.
    pub lease: Timestamp,
}

/// Leases due notifications until `lease_until`, the longest overdue of each
/// instance first. No two processes get the same one; a lease that has ended
/// is as good as none.
pub fn lease(
    tx: &mut dyn Tx,
    wanted: &[Wanted],
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Vec<Due>> {
    let sql = format!(
        "SELECT id, generation, identifier, failed, next_attempt, rounds FROM outbox
         WHERE domain = $1 AND instance = $2 AND state = 0 AND lane = 0 AND due <= $3
         ORDER BY due, id LIMIT $4{}",
        tx.dialect().for_update_skip_locked()
    );
    let mut leased = Vec::new();
    for wanted in wanted {
        let tx = &mut DomainTx::new(tx, wanted.domain);
        for row in tx.query(&sql, args![wanted.instance, now, wanted.limit])? {
            let due = due(wanted, lease_until, row)?;
            // Each by its key: they are locked, and they travel together.
            tx.later(
                "UPDATE outbox SET due = $3 WHERE domain = $1 AND id = $2",
                args![due.id, lease_until],
            )?;
            leased.push(due);
        }
    }
    Ok(leased)
}

fn due(wanted: &Wanted, lease: Timestamp, mut row: Row) -> Result<Due> {
    Ok(Due {
        domain: wanted.domain,
        instance: wanted.instance,
        lease,
        id: row.int(0)?,
        generation: Generation::from_number(row.int(1)?),
        identifier: row.text(2)?,
        failed: u32::try_from(row.int(3)?).unwrap_or(u32::MAX),
        next_attempt: Timestamp(row.int(4)?),
        trigger: Trigger::of_round(row.int(5)?),
    })
}
