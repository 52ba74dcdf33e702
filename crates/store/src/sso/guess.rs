//! Slows down who guesses activation codes, in all processes together.

use std::time::Duration;

use koppeltaal_core::{Result, Timestamp};

use super::authorize::Guesser;
use crate::args;
use crate::ids::Ids;
use crate::tx::Tx;

/// How many wrong codes are let through, and within which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For one application from one address.
    pub per_address: (i64, Duration),
    /// For one application.
    pub per_application: (i64, Duration),
}

/// Until when no code is tried, if too many were wrong. Whoever asks next for this
/// application waits until this transaction has ended, so nobody guesses meanwhile.
pub(super) fn throttled(
    tx: &mut dyn Tx,
    guesser: &Guesser,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let name = format!("activation-code-{}", guesser.application);
    tx.execute(
        "INSERT INTO counter (name, value) VALUES ($1, 1)
         ON CONFLICT (name) DO UPDATE SET value = counter.value + 1",
        args![name.as_str()],
    )?;
    let (most, within) = guesser.limits.per_address;
    let sql = "SELECT tried FROM sso_wrong_code
         WHERE application = $1 AND address = $2 AND tried > $3 ORDER BY tried DESC LIMIT $4";
    let arguments = args![guesser.application, guesser.address.as_str(), now.minus(within), most];
    let of_address = over(tx.query(sql, arguments)?, most, within)?;
    let (most, within) = guesser.limits.per_application;
    let sql = "SELECT tried FROM sso_wrong_code
         WHERE application = $1 AND tried > $2 ORDER BY tried DESC LIMIT $3";
    let arguments = args![guesser.application, now.minus(within), most];
    let of_application = over(tx.query(sql, arguments)?, most, within)?;
    Ok(of_address.max(of_application))
}

/// When the oldest of `most` wrong codes no longer counts.
fn over(rows: Vec<crate::Row>, most: i64, within: Duration) -> Result<Option<Timestamp>> {
    match rows.last() {
        Some(oldest) if rows.len() as i64 >= most => {
            Ok(Some(Timestamp(oldest.int(0)?).plus(within)))
        }
        _ => Ok(None),
    }
}

/// Counts a wrong code. There are never more rows than the limits let through.
pub(super) fn count(tx: &mut dyn Tx, ids: &Ids, guesser: &Guesser, now: Timestamp) -> Result<()> {
    tx.later(
        "INSERT INTO sso_wrong_code (application, id, address, tried) VALUES ($1, $2, $3, $4)",
        args![guesser.application, ids.key(now), guesser.address.as_str(), now],
    )
}
