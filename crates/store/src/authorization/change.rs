//! A number that rises with every new key and every revocation, so that a process
//! that looks at it often reads the rest seldom.

use koppeltaal_core::Result;

use crate::args;
use crate::tx::Tx;

/// How many keys were added and tokens revoked, in all domains, up to now.
pub fn changes(tx: &mut dyn Tx) -> Result<i64> {
    let row = tx.query_one("SELECT value FROM counter WHERE name = 'authorization'", args![])?;
    row.unwrap_or_default().int(0)
}

/// Raises the number. Its row lock makes it rise in the order of commits, so it
/// comes last in a transaction.
pub(super) fn note(tx: &mut dyn Tx) -> Result<()> {
    tx.later("UPDATE counter SET value = value + 1 WHERE name = 'authorization'", args![])
}
