//! The authorizations of a domain, as its administrators see them.

use koppeltaal_core::Result;

use super::authorization::{Authorization, COLUMNS, from_row};
use super::secret;
use crate::args;
use crate::scope::DomainTx;

/// The authorization with this number.
pub fn find(tx: &mut DomainTx<'_>, number: i64) -> Result<Option<Authorization>> {
    secret::read(tx, number)
}

/// The authorizations of the domain, the newest first: those before `before`, at
/// most `limit`.
pub fn list(tx: &mut DomainTx<'_>, before: Option<i64>, limit: i64) -> Result<Vec<Authorization>> {
    let rows = tx.query(
        &format!(
            "SELECT {COLUMNS} FROM sso_authorization
             WHERE domain = $1 AND number < $2 ORDER BY number DESC LIMIT $3"
        ),
        args![before.unwrap_or(i64::MAX), limit],
    )?;
    rows.into_iter().map(from_row).collect()
}
