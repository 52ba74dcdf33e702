//! What waits in a lane becomes dead letters: piece by piece, because it may be a
//! great deal and the writer has others to serve.

use koppeltaal_core::{Result, Timestamp};

use crate::args;
use crate::scope::DomainTx;

/// Dead letters that one transaction makes of a lane.
const PIECE: i64 = 1000;

/// What became of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Closed {
    /// The number of its domain.
    pub domain: i64,
    /// The key of its subscription.
    pub lane: i64,
    /// Notifications that are dead letters now.
    pub count: u64,
    /// Whether more of it may wait.
    pub more: bool,
}

/// Makes dead letters of what waits in a lane.
pub(super) fn all(
    tx: &mut DomainTx<'_>,
    lane: i64,
    reason: &str,
    now: Timestamp,
) -> Result<Closed> {
    let closed = piece(tx, lane, "", reason, now)?;
    if closed.more {
        free(tx, lane)?;
    } else {
        // Made again when the lane is used again.
        tx.later("DELETE FROM lane WHERE domain = $1 AND lane = $2", args![lane])?;
    }
    Ok(closed)
}

fn free(tx: &mut DomainTx<'_>, lane: i64) -> Result<()> {
    tx.later("UPDATE lane SET lease = 0 WHERE domain = $1 AND lane = $2", args![lane])
}

/// The same, except for what an operator wants to send again.
pub(super) fn all_but_resent(
    tx: &mut DomainTx<'_>,
    lane: i64,
    reason: &str,
    now: Timestamp,
) -> Result<Closed> {
    let closed = piece(tx, lane, " AND rounds = 0", reason, now)?;
    if closed.count > 0 {
        free(tx, lane)?;
    }
    Ok(closed)
}

fn piece(
    tx: &mut DomainTx<'_>,
    lane: i64,
    which: &str,
    reason: &str,
    now: Timestamp,
) -> Result<Closed> {
    let domain = tx.domain();
    let index = tx.dialect().indexed_by("outbox_lane");
    let waiting = format!(
        "FROM outbox{index} WHERE domain = $1 AND lane = $2 AND state = 0 AND lane > 0{which}"
    );
    let row = tx.query_one(
        &format!(
            "SELECT max(id), count(*) FROM (SELECT id {waiting} ORDER BY id LIMIT {PIECE}) AS piece"
        ),
        args![lane],
    )?;
    let row = row.unwrap_or_default();
    let Some(last) = row.opt_int(0)? else {
        return Ok(Closed { domain, lane, count: 0, more: false });
    };
    let count = row.int(1)?;
    // Each shows why it was never sent.
    tx.later(
        &format!(
            "INSERT INTO attempt (domain, notification, number, started, endpoint, status,
                                  duration_ms, error, resent)
             SELECT domain, id, attempts + 1, CAST($4 AS BIGINT), NULL, NULL, 0,
                    CAST($5 AS TEXT), CASE WHEN rounds > 0 THEN 1 ELSE 0 END
             {waiting} AND id <= $3"
        ),
        args![lane, last, now, reason],
    )?;
    tx.later(
        &format!(
            "UPDATE outbox{index} SET state = 2, attempts = attempts + 1, due = $4
             WHERE domain = $1 AND lane = $2 AND state = 0 AND lane > 0{which} AND id <= $3"
        ),
        args![lane, last, now],
    )?;
    Ok(Closed {
        domain,
        lane,
        count: u64::try_from(count).unwrap_or_default(),
        more: count >= PIECE,
    })
}
