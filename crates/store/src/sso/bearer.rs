//! An access token on a resource call: whose it is, read each time, so that what
//! was revoked or refreshed anywhere is dead everywhere.

use koppeltaal_core::{Result, Timestamp};

use super::secret::{Digest, SecretKind};
use crate::args;
use crate::tx::Tx;

/// An access token that is known and was not revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The number of the instance that it speaks for.
    pub instance: i64,
    /// The number of its authorization.
    pub authorization: i64,
    /// The patient, as the launch gave it.
    pub patient: String,
    /// The user, as the launch gave it.
    pub user: String,
    /// When it ends, or has ended.
    pub expires: Timestamp,
}

/// Looks an access token up; one that has expired is found for some time yet.
pub fn bearer(tx: &mut dyn Tx, digest: &Digest) -> Result<Option<Bearer>> {
    let row = tx.query_one(
        "SELECT a.instance, a.number, a.patient, a.user_url, s.expires
         FROM sso_secret s JOIN sso_authorization a ON a.domain = s.domain AND a.number = s.number
         WHERE s.digest = $1 AND s.kind = $2 AND a.revoked IS NULL",
        args![digest.bytes(), SecretKind::Access.number()],
    )?;
    row.map(|mut row| {
        Ok(Bearer {
            instance: row.int(0)?,
            authorization: row.int(1)?,
            patient: row.text(2)?,
            user: row.text(3)?,
            expires: Timestamp(row.int(4)?),
        })
    })
    .transpose()
}
