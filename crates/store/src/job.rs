//! Jobs that one process at a time runs: a lease in the store, which a crash
//! lets lapse.

use koppeltaal_core::{Result, Timestamp};
use serde::Serialize;

use crate::args;
use crate::tx::Tx;

/// Takes the lease of a job until `until`. False when another process has it.
pub fn take(tx: &mut dyn Tx, name: &str, now: Timestamp, until: Timestamp) -> Result<bool> {
    let taken = tx.execute(
        "INSERT INTO job (name, lease_until, last_started) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET lease_until = $2, last_started = $3
         WHERE job.lease_until <= $3",
        args![name, until, now],
    )?;
    Ok(taken == 1)
}

/// Keeps the lease that was taken at `started` until `until`. False when it
/// lapsed and another process took it.
pub fn renew(tx: &mut dyn Tx, name: &str, started: Timestamp, until: Timestamp) -> Result<bool> {
    let renewed = tx.execute(
        "UPDATE job SET lease_until = $3 WHERE name = $1 AND last_started = $2",
        args![name, started, until],
    )?;
    Ok(renewed == 1)
}

/// Gives the lease back and notes what was done.
pub fn finish(tx: &mut dyn Tx, name: &str, now: Timestamp, result: &str) -> Result<()> {
    tx.execute(
        "UPDATE job SET lease_until = 0, last_finished = $2, last_result = $3 WHERE name = $1",
        args![name, now, result],
    )?;
    Ok(())
}

/// What is known of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Job {
    /// When it began last.
    pub last_started: Option<Timestamp>,
    /// When it ended last.
    pub last_finished: Option<Timestamp>,
    /// What it did.
    pub last_result: Option<String>,
}

/// The job with this name, if it ever ran.
pub fn find(tx: &mut dyn Tx, name: &str) -> Result<Option<Job>> {
    let row = tx.query_one(
        "SELECT last_started, last_finished, last_result FROM job WHERE name = $1",
        args![name],
    )?;
    row.map(|mut row| {
        Ok(Job {
            last_started: row.opt_int(0)?.map(Timestamp),
            last_finished: row.opt_int(1)?.map(Timestamp),
            last_result: row.opt_text(2)?,
        })
    })
    .transpose()
}
