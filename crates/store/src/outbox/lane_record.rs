//! Recording what came of rest-hooks: many outcomes share one transaction; a
//! failure counts only while the lease of its lane is the one in force.

use std::time::Duration;

use koppeltaal_core::{Result, Timestamp};

use super::close;
use super::lane::{LeasedLane, release};
use super::list::Trigger;
use crate::args;
use crate::scope::DomainTx;
use crate::subscription;
use crate::tx::Tx;

/// What happens to a lane after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaneNext {
    /// Its next notification has its turn.
    Delivered,
    /// The same, and this one is a dead letter.
    Dead,
    /// The first is tried again, at this moment; all wait.
    Retry(Timestamp),
    /// The subscription is in error, and all that waits is dead letters. Unless it
    /// was changed since it was leased: then the first is tried again at once.
    Failed,
}

/// An attempt in a lane that was made (or that could not be made at all).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneOutcome {
    /// The number of the domain.
    pub domain: i64,
    /// The key of the subscription.
    pub lane: i64,
    /// The version of the subscription that was used.
    pub version: i64,
    /// The lease of the lane.
    pub lease: Timestamp,
    /// The first of what waits: it keeps the count of failures.
    pub head: i64,
    /// What was sent; the head unless several became one.
    pub sent: i64,
    /// What is delivered with it, the head included unless it was sent itself.
    pub along: Vec<i64>,
    /// Who caused the round of attempts.
    pub trigger: Trigger,
    /// When the attempt began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// Where it went, if anywhere.
    pub endpoint: Option<String>,
    /// The HTTP status of the answer, if there was one.
    pub status: Option<u16>,
    /// What went wrong; `None` after success.
    pub error: Option<String>,
    /// What happens now.
    pub next: LaneNext,
    /// Whether the process is done with the lane.
    pub is_last: bool,
}

/// A lane that is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneRelease {
    /// The number of the domain.
    pub domain: i64,
    /// The key of the subscription.
    pub lane: i64,
    /// The lease.
    pub lease: Timestamp,
    /// When it can be taken again.
    pub due: Timestamp,
}

impl LaneRelease {
    /// Gives a lane back, to be taken again at `due`.
    pub fn of(lane: &LeasedLane, due: Timestamp) -> Self {
        Self { domain: lane.domain, lane: lane.lane, lease: lane.lease, due }
    }
}

/// Records outcomes, those of one lane in the order in which they are given. A
/// success settles the notification even when the lane has passed to another
/// process; a failure then only leaves its trace. Tells the lanes (domain and key)
/// whose subscription is another one by now than when they were leased, or has
/// ended: what is left of such a lease is not to be sent.
pub fn record_lanes(
    tx: &mut dyn Tx,
    outcomes: &[LaneOutcome],
    now: Timestamp,
) -> Result<Vec<(i64, i64)>> {
    // One order of locks for all processes.
    let mut sorted: Vec<&LaneOutcome> = outcomes.iter().collect();
    sorted.sort_by_key(|outcome| (outcome.domain, outcome.lane));
    for outcome in &sorted {
        record_one(&mut DomainTx::new(tx, outcome.domain), outcome)?;
    }
    let mut changed = Vec::new();
    for of_domain in sorted.chunk_by(|one, other| one.domain == other.domain) {
        let Some(domain) = of_domain.first().map(|outcome| outcome.domain) else { continue };
        let known = subscription::versions_now(
            &mut DomainTx::new(tx, domain),
            of_domain.iter().map(|outcome| outcome.lane),
            now,
        )?;
        let is_same = |one: &&&LaneOutcome| known.get(&one.lane) == Some(&one.version);
        changed.extend(of_domain.iter().filter(|one| !is_same(one)).map(|one| (domain, one.lane)));
    }
    Ok(changed)
}

/// Gives lanes back.
pub fn release_lanes(tx: &mut dyn Tx, releases: &[LaneRelease]) -> Result<()> {
    let mut sorted = releases.to_vec();
    sorted.sort_by_key(|release| (release.domain, release.lane));
    for LaneRelease { domain, lane, lease, due } in sorted {
        release(&mut DomainTx::new(tx, domain), lane, lease, due)?;
    }
    Ok(())
}

fn record_one(tx: &mut DomainTx<'_>, outcome: &LaneOutcome) -> Result<()> {
    match outcome.next {
        LaneNext::Delivered => {
            settle(tx, outcome, "state = 1")?;
            attempt(tx, outcome)?;
            for along in &outcome.along {
                sent_along(tx, outcome, *along)?;
            }
        }
        LaneNext::Dead => {
            settle(tx, outcome, "state = CASE WHEN state = 0 THEN 2 ELSE state END")?;
            attempt(tx, outcome)?;
        }
        LaneNext::Retry(at) => {
            tried(tx, outcome)?;
            attempt(tx, outcome)?;
            tx.later(
                "UPDATE outbox SET
                   failed = failed + 1,
                   begun = CASE WHEN failed = 0 THEN $5 ELSE begun END,
                   next_attempt = $6, due = $6
                 WHERE domain = $1 AND id = $2 AND state = 0 AND EXISTS
                   (SELECT 1 FROM lane l WHERE l.domain = $1 AND l.lane = $3 AND l.lease = $4)",
                args![outcome.head, outcome.lane, outcome.lease, outcome.started, at],
            )?;
        }
        LaneNext::Failed => {
            tried(tx, outcome)?;
            attempt(tx, outcome)?;
            fail(tx, outcome)?;
        }
    }
    if outcome.is_last {
        release(tx, outcome.lane, outcome.lease, Timestamp(0))?;
    }
    Ok(())
}

fn settle(tx: &mut DomainTx<'_>, outcome: &LaneOutcome, state: &str) -> Result<()> {
    let sql = format!(
        "UPDATE outbox SET {state}, attempts = attempts + 1, due = $3
         WHERE domain = $1 AND id = $2"
    );
    tx.later(&sql, args![outcome.sent, outcome.ended])
}

fn tried(tx: &mut DomainTx<'_>, outcome: &LaneOutcome) -> Result<()> {
    let sql = "UPDATE outbox SET attempts = attempts + 1 WHERE domain = $1 AND id = $2";
    tx.later(sql, args![outcome.sent])
}

/// Its number comes from the row, which is locked by now, so that two processes
/// never give the same one.
fn attempt(tx: &mut DomainTx<'_>, outcome: &LaneOutcome) -> Result<()> {
    tx.later(
        "INSERT INTO attempt (domain, notification, number, started, endpoint, status,
                              duration_ms, error, resent)
         SELECT domain, id, attempts, CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS BIGINT),
                CAST($6 AS BIGINT), CAST($7 AS TEXT), CAST($8 AS BIGINT)
         FROM outbox WHERE domain = $1 AND id = $2",
        args![
            outcome.sent,
            outcome.started,
            &outcome.endpoint,
            outcome.status.map(i64::from),
            i64::try_from(outcome.duration.as_millis()).unwrap_or(i64::MAX),
            &outcome.error,
            outcome.trigger == Trigger::Resend
        ],
    )
}

fn sent_along(tx: &mut DomainTx<'_>, outcome: &LaneOutcome, id: i64) -> Result<()> {
    tx.later(
        "UPDATE outbox SET state = 1, attempts = attempts + 1, due = $3
         WHERE domain = $1 AND id = $2",
        args![id, outcome.ended],
    )?;
    tx.later(
        "INSERT INTO attempt (domain, notification, number, started, endpoint, status,
                              duration_ms, error, resent)
         SELECT domain, id, attempts, CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS BIGINT),
                0, CAST($6 AS TEXT), CASE WHEN rounds > 0 THEN 1 ELSE 0 END
         FROM outbox WHERE domain = $1 AND id = $2",
        args![
            id,
            outcome.started,
            &outcome.endpoint,
            outcome.status.map(i64::from),
            format!("sent with {}", outcome.sent).as_str()
        ],
    )
}

/// The subscription is in error from now on, unless its owner has changed it or
/// the lane has passed to another process.
fn fail(tx: &mut DomainTx<'_>, outcome: &LaneOutcome) -> Result<()> {
    let failure = outcome.error.as_deref().unwrap_or_default();
    let lock = tx.dialect().for_update();
    let lease = format!("SELECT lease FROM lane WHERE domain = $1 AND lane = $2{lock}");
    let lease = tx.query_one(&lease, args![outcome.lane])?.map(|row| row.int(0)).transpose()?;
    if lease != Some(outcome.lease.0) {
        return Ok(());
    }
    let version = format!("SELECT version FROM subscription WHERE domain = $1 AND key = $2{lock}");
    let version = tx.query_one(&version, args![outcome.lane])?.map(|row| row.int(0)).transpose()?;
    let is_same = version == Some(outcome.version);
    if is_same && subscription::fail(tx, outcome.lane, failure)? {
        let reason = format!("given up with notification {}", outcome.head);
        // The head has said why.
        tx.later(
            "UPDATE outbox SET state = 2, failed = failed + 1, due = $3
             WHERE domain = $1 AND id = $2 AND state = 0",
            args![outcome.head, outcome.ended],
        )?;
        close::all_but_resent(tx, outcome.lane, &reason, outcome.ended)?;
        return Ok(());
    }
    tx.later(
        "UPDATE outbox SET failed = 0, next_attempt = $3, due = $3
         WHERE domain = $1 AND id = $2 AND state = 0",
        args![outcome.head, outcome.ended],
    )
}
