//! Numbers that rise with every new key and every revocation, so that a process
//! that looks at them often reads the rest seldom.

use koppeltaal_core::Result;

use crate::args;
use crate::tx::Tx;

const KEYS: &str = "signing_key";
const REVOCATIONS: &str = "revoked_token";

/// How many there were in all domains up to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    /// Signing keys.
    pub keys: i64,
    /// Revoked tokens.
    pub revocations: i64,
}

/// The numbers of this moment.
pub fn changes(tx: &mut dyn Tx) -> Result<Changes> {
    let mut changes = Changes::default();
    for mut row in tx
        .query("SELECT name, value FROM counter WHERE name IN ($1, $2)", args![KEYS, REVOCATIONS])?
    {
        match row.text(0)?.as_str() {
            KEYS => changes.keys = row.int(1)?,
            _ => changes.revocations = row.int(1)?,
        }
    }
    Ok(changes)
}

/// A key was added. The row lock makes the number rise in the order of commits, so
/// this comes last in a transaction.
pub(super) fn note_key(tx: &mut dyn Tx) -> Result<()> {
    tx.later("UPDATE counter SET value = value + 1 WHERE name = $1", args![KEYS])
}

/// A token was revoked; as [`note_key`].
pub(super) fn note_revocation(tx: &mut dyn Tx) -> Result<()> {
    tx.later("UPDATE counter SET value = value + 1 WHERE name = $1", args![REVOCATIONS])
}
