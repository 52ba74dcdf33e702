//! Access tokens that were revoked before they expired (RFC 7009). Every process
//! keeps the list in memory, because resource calls look at it.

use koppeltaal_core::{Result, Timestamp};

use super::change;
use crate::args;
use crate::scope::DomainTx;
use crate::tx::Tx;

/// Revokes the token with this id until `expires`, when it ends by itself.
/// Revoking it again changes nothing.
pub fn revoke_token(tx: &mut DomainTx<'_>, jti: &str, expires: Timestamp) -> Result<()> {
    let inserted = tx.execute(
        "INSERT INTO revoked_token (domain, jti, expires) VALUES ($1, $2, $3)
         ON CONFLICT (domain, jti) DO NOTHING",
        args![jti, expires],
    )?;
    if inserted == 0 {
        return Ok(());
    }
    change::note_revocation(tx.outside())
}

/// The revoked tokens of all domains that have not expired: number of the domain
/// and id of the token.
pub fn revoked_tokens(tx: &mut dyn Tx, now: Timestamp) -> Result<Vec<(i64, String)>> {
    let rows = tx.query(
        "SELECT domain, jti FROM revoked_token WHERE expires > $1 ORDER BY domain, jti",
        args![now],
    )?;
    rows.into_iter().map(|mut row| Ok((row.int(0)?, row.text(1)?))).collect()
}
