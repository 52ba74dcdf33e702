//! Links by which the owner of an account sets its password: for half an hour, and
//! once (kt13-around 6).

use std::time::Duration;

use koppeltaal_core::{Result, Timestamp};

use crate::args;
use crate::tx::Tx;

/// How long a link can be used.
pub const LINK_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Keeps a link under its SHA-256 until `expires`. Links before it end.
pub fn put_link(tx: &mut dyn Tx, digest: &[u8], account: i64, expires: Timestamp) -> Result<()> {
    tx.later("DELETE FROM administrator_link WHERE account = $1", args![account])?;
    tx.later(
        "INSERT INTO administrator_link (digest, account, expires) VALUES ($1, $2, $3)",
        args![digest, account, expires],
    )
}

/// The account that a link is for, while it can be used.
pub fn link(tx: &mut dyn Tx, digest: &[u8], now: Timestamp) -> Result<Option<i64>> {
    let row = tx.query_one(
        "SELECT account FROM administrator_link WHERE digest = $1 AND expires > $2",
        args![digest, now],
    )?;
    row.map(|row| row.int(0)).transpose()
}

/// Uses a link: of all who try, one gets the number of its account.
pub fn use_link(tx: &mut dyn Tx, digest: &[u8], now: Timestamp) -> Result<Option<i64>> {
    let row = tx.query_one(
        "DELETE FROM administrator_link WHERE digest = $1 AND expires > $2 RETURNING account",
        args![digest, now],
    )?;
    row.map(|row| row.int(0)).transpose()
}
