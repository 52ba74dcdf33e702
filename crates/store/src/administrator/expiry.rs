//! Forgetting sessions and links that are over.

use koppeltaal_core::{Result, Timestamp};

use super::session::IDLE;
use crate::args;
use crate::tx::Tx;

/// Removes what is over at `now`. There are few of either.
pub fn forget_expired(tx: &mut dyn Tx, now: Timestamp) -> Result<()> {
    tx.later(
        "DELETE FROM administrator_session WHERE expires <= $1 OR seen <= $2",
        args![now, now.minus(IDLE)],
    )?;
    tx.later("DELETE FROM administrator_link WHERE expires <= $1", args![now])
}
