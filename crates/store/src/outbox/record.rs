//! Recording what came of leased notifications: many outcomes share one
//! transaction, and each counts only while its lease is the one in force.

use std::time::Duration;

use koppeltaal_core::notification::State;
use koppeltaal_core::{Result, Timestamp};

use super::lease::Due;
use super::list::Trigger;
use crate::args;
use crate::scope::DomainTx;
use crate::tx::Tx;

/// What happens to a notification after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: the endpoint has it.
    Delivered,
    /// Another attempt, at this moment.
    Retry(Timestamp),
    /// Nothing, until an operator sends it again.
    Dead,
}

/// An attempt that was made (or that could not be made at all).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The number of the notification's domain.
    pub domain: i64,
    /// Its key.
    pub id: i64,
    /// The lease under which the attempt was made.
    pub lease: Timestamp,
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
    pub next: Next,
}

/// A lease that is given back without an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// The number of the notification's domain.
    pub domain: i64,
    /// Its key.
    pub id: i64,
    /// The lease.
    pub lease: Timestamp,
    /// When it can be taken again.
    pub due: Timestamp,
}

impl Release {
    /// Gives `due` back, to be taken again at `moment`.
    pub fn of(due: &Due, moment: Timestamp) -> Self {
        Self { domain: due.domain, id: due.id, lease: due.lease, due: moment }
    }
}

/// Records outcomes. A success settles the notification even when its lease has
/// passed to another process; a failure then only leaves its trace.
pub fn record(tx: &mut dyn Tx, outcomes: &[Outcome]) -> Result<()> {
    // One order of locks for all processes.
    let mut sorted: Vec<&Outcome> = outcomes.iter().collect();
    sorted.sort_by_key(|outcome| (outcome.domain, outcome.id));
    for outcome in sorted {
        let tx = &mut DomainTx::new(tx, outcome.domain);
        settle(tx, outcome)?;
        // The number comes from the row, which is locked by now, so that two
        // processes never give the same one.
        tx.later(
            "INSERT INTO attempt (domain, notification, number, started, endpoint, status,
                                  duration_ms, error, resent)
             SELECT domain, id, attempts, CAST($3 AS BIGINT), CAST($4 AS TEXT),
                    CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS TEXT), CAST($8 AS BIGINT)
             FROM outbox WHERE domain = $1 AND id = $2",
            args![
                outcome.id,
                outcome.started,
                &outcome.endpoint,
                outcome.status.map(i64::from),
                i64::try_from(outcome.duration.as_millis()).unwrap_or(i64::MAX),
                &outcome.error,
                outcome.trigger == Trigger::Resend
            ],
        )?;
    }
    Ok(())
}

fn settle(tx: &mut DomainTx<'_>, outcome: &Outcome) -> Result<()> {
    let (state, due) = match outcome.next {
        Next::Delivered => {
            return tx.later(
                "UPDATE outbox SET state = 1, attempts = attempts + 1, due = $3
                 WHERE domain = $1 AND id = $2",
                args![outcome.id, outcome.ended],
            );
        }
        Next::Retry(moment) => (State::Pending, moment),
        Next::Dead => (State::Dead, outcome.ended),
    };
    tx.later(
        "UPDATE outbox SET
           attempts = attempts + 1,
           failed = CASE WHEN state = 0 AND due = $3 THEN failed + 1 ELSE failed END,
           state = CASE WHEN state = 0 AND due = $3 THEN $4 ELSE state END,
           next_attempt = CASE WHEN state = 0 AND due = $3 THEN $5 ELSE next_attempt END,
           due = CASE WHEN state = 0 AND due = $3 THEN $5 ELSE due END
         WHERE domain = $1 AND id = $2",
        args![outcome.id, outcome.lease, state.number(), due],
    )
}

/// Gives leases back.
pub fn release(tx: &mut dyn Tx, releases: &[Release]) -> Result<()> {
    let mut sorted = releases.to_vec();
    sorted.sort_by_key(|release| (release.domain, release.id));
    for release in &sorted {
        DomainTx::new(tx, release.domain).later(
            "UPDATE outbox SET due = $4 WHERE domain = $1 AND id = $2 AND state = 0 AND due = $3",
            args![release.id, release.lease, release.due],
        )?;
    }
    Ok(())
}
