//! Forgetting what is over, a few rows at a time and led by an index, so that it
//! disturbs nobody.

use std::time::Duration;

use koppeltaal_core::{Result, Timestamp};

use crate::args;
use crate::scope::DomainTx;
use crate::tx::Tx;

/// How long a secret is known after its end: so long is told of a token that it has
/// expired, and what it ends when it is used twice.
const SECRETS_KEPT: Duration = Duration::from_secs(7 * 86_400);
/// How long an authorization can be looked up after its end.
const AUTHORIZATIONS_KEPT: Duration = Duration::from_secs(30 * 86_400);
/// How long a wrong code counts at most.
const WRONG_CODES_KEPT: Duration = Duration::from_secs(86_400);

/// Removes what is over at `now`, at most `limit` rows of each kind, and tells how
/// many that were: a caller goes on while it is not zero.
pub fn forget_expired(tx: &mut dyn Tx, now: Timestamp, limit: i64) -> Result<u64> {
    let secrets = secrets(tx, now.minus(SECRETS_KEPT), limit)?;
    let authorizations = authorizations(tx, now.minus(AUTHORIZATIONS_KEPT), limit)?;
    let wrong_codes = wrong_codes(tx, now.minus(WRONG_CODES_KEPT), limit)?;
    Ok(secrets + authorizations + wrong_codes)
}

// Rows that another process removes at this moment are left to it.

fn secrets(tx: &mut dyn Tx, until: Timestamp, limit: i64) -> Result<u64> {
    let sql = format!(
        "SELECT digest FROM sso_secret{} WHERE expires <= $1 ORDER BY expires LIMIT $2{}",
        tx.dialect().indexed_by("sso_secret_expires"),
        tx.dialect().for_update_skip_locked()
    );
    let found = tx.query(&sql, args![until, limit])?;
    for row in &found {
        tx.later("DELETE FROM sso_secret WHERE digest = $1", &[row.0[0].as_arg()])?;
    }
    Ok(found.len() as u64)
}

fn authorizations(tx: &mut dyn Tx, until: Timestamp, limit: i64) -> Result<u64> {
    let sql = format!(
        "SELECT domain, number FROM sso_authorization{}
         WHERE expires <= $1 ORDER BY expires LIMIT $2{}",
        tx.dialect().indexed_by("sso_authorization_expires"),
        tx.dialect().for_update_skip_locked()
    );
    let found = tx.query(&sql, args![until, limit])?;
    for row in &found {
        remove(&mut DomainTx::new(tx, row.int(0)?), row.int(1)?)?;
    }
    Ok(found.len() as u64)
}

fn wrong_codes(tx: &mut dyn Tx, until: Timestamp, limit: i64) -> Result<u64> {
    let sql = format!(
        "SELECT application, id FROM sso_wrong_code{}
         WHERE tried <= $1 ORDER BY tried LIMIT $2{}",
        tx.dialect().indexed_by("sso_wrong_code_tried"),
        tx.dialect().for_update_skip_locked()
    );
    let found = tx.query(&sql, args![until, limit])?;
    for row in &found {
        tx.later(
            "DELETE FROM sso_wrong_code WHERE application = $1 AND id = $2",
            args![row.int(0)?, row.int(1)?],
        )?;
    }
    Ok(found.len() as u64)
}

/// Removes an authorization with its secrets.
pub(super) fn remove(tx: &mut DomainTx<'_>, number: i64) -> Result<()> {
    tx.later("DELETE FROM sso_secret WHERE domain = $1 AND number = $2", args![number])?;
    tx.later("DELETE FROM sso_authorization WHERE domain = $1 AND number = $2", args![number])
}
