//! Attempts to sign in: failures are counted, and lock the account for a while,
//! whichever process they came to (kt13-around 6: five in 15 minutes, 15 minutes).

use std::time::Duration;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::{Result, Timestamp};

use crate::directory::Author;
use crate::tx::Tx;
use crate::{Ids, args, audit};

/// Failures that lock an account when they come within [`LOCK`].
pub const MOST_FAILURES: i64 = 5;
/// How long failures count, and how long the lock lasts.
pub const LOCK: Duration = Duration::from_secs(15 * 60);

/// An attempt failed, for this reason. Tells whether the account is locked from
/// now on. `account` is absent when nobody has the login.
pub fn failed(
    tx: &mut dyn Tx,
    ids: &Ids,
    account: Option<i64>,
    reason: &str,
    author: &Author,
) -> Result<bool> {
    let now = author.recorded;
    let locked = match account {
        Some(number) => count(tx, number, now)?,
        None => false,
    };
    record(tx, ids, "401", reason, author)?;
    if locked {
        record(tx, ids, "locked", "too many failed attempts: locked for 15 minutes", author)?;
    }
    Ok(locked)
}

fn count(tx: &mut dyn Tx, number: i64, now: Timestamp) -> Result<bool> {
    let sql = format!(
        "SELECT failed, failed_since, locked_until FROM administrator WHERE number = $1{}",
        tx.dialect().for_update()
    );
    let Some(row) = tx.query_one(&sql, args![number])? else { return Ok(false) };
    let (failed, since, locked_until) =
        (row.int(0)?, Timestamp(row.int(1)?), Timestamp(row.int(2)?));
    // What is tried meanwhile does not make the lock longer.
    if now < locked_until {
        return Ok(false);
    }
    let counts = failed > 0 && now.since(since) < LOCK;
    let (failed, since) = if counts { (failed + 1, since) } else { (1, now) };
    let locked = failed >= MOST_FAILURES;
    let (failed, locked_until) = if locked { (0, now.plus(LOCK)) } else { (failed, Timestamp(0)) };
    tx.later(
        "UPDATE administrator SET failed = $2, failed_since = $3, locked_until = $4
         WHERE number = $1",
        args![number, failed, since, locked_until],
    )?;
    Ok(locked)
}

/// An attempt succeeded. `step` is that of the code of the second factor: false
/// when that code was used before, and nobody has signed in.
pub fn succeeded(
    tx: &mut dyn Tx,
    ids: &Ids,
    account: i64,
    step: Option<i64>,
    detail: &str,
    author: &Author,
) -> Result<bool> {
    let now = author.recorded;
    let touched = match step {
        None => tx.execute(
            "UPDATE administrator SET failed = 0, last_login = $2 WHERE number = $1",
            args![account, now],
        )?,
        Some(step) => tx.execute(
            "UPDATE administrator SET failed = 0, last_login = $2, totp_step = $3
             WHERE number = $1 AND totp_step < $3",
            args![account, now, step],
        )?,
    };
    if touched == 1 {
        record(tx, ids, "ok", detail, author)?;
    }
    Ok(touched == 1)
}

fn record(tx: &mut dyn Tx, ids: &Ids, outcome: &str, detail: &str, author: &Author) -> Result<()> {
    let entry = Entry {
        outcome: outcome.to_owned(),
        detail: Some(detail.to_owned()),
        request_id: author.request_id.clone(),
        ..Entry::new(Action::SignIn, author.recorded, &author.agent)
    };
    audit::append_across(tx, ids, &[(audit::SERVER, entry)]).map(drop)
}
