//! Sessions of browsers: they end 15 minutes after the last request, and eight
//! hours after the first (kt13-around 6).

use std::time::Duration;

use koppeltaal_core::{Result, Timestamp};

use crate::args;
use crate::tx::Tx;

/// How long a session lasts without a request.
pub const IDLE: Duration = Duration::from_secs(15 * 60);
/// How long a session lasts at most.
pub const LONGEST: Duration = Duration::from_secs(8 * 3600);
/// How old the time of the last request gets before it is written again.
const NOTED: Duration = Duration::from_secs(30);

/// Begins a session under the SHA-256 of its cookie.
pub fn put_session(tx: &mut dyn Tx, digest: &[u8], account: i64, now: Timestamp) -> Result<()> {
    tx.later(
        "INSERT INTO administrator_session (digest, account, seen, expires)
         VALUES ($1, $2, $3, $4)",
        args![digest, account, now, now.plus(LONGEST)],
    )
}

/// The number of the account whose session this is, which has made a request.
pub fn use_session(tx: &mut dyn Tx, digest: &[u8], now: Timestamp) -> Result<Option<i64>> {
    let row = tx.query_one(
        "SELECT account, seen FROM administrator_session
         WHERE digest = $1 AND expires > $2 AND seen > $3",
        args![digest, now, now.minus(IDLE)],
    )?;
    let Some(row) = row else { return Ok(None) };
    if now.since(Timestamp(row.int(1)?)) >= NOTED {
        tx.later(
            "UPDATE administrator_session SET seen = $2 WHERE digest = $1 AND seen < $2",
            args![digest, now],
        )?;
    }
    row.int(0).map(Some)
}

/// Ends a session.
pub fn end_session(tx: &mut dyn Tx, digest: &[u8]) -> Result<()> {
    tx.later("DELETE FROM administrator_session WHERE digest = $1", args![digest])
}
