//! A refresh token becomes new tokens, once; the access token before it is dead at
//! once. Brought a second time it ends the whole authorization: either it was
//! stolen, or the one that followed it.

use koppeltaal_core::{Result, Timestamp};

use super::secret::SecretKind;
use super::token::{Granted, Tokens, grant};
use crate::args;
use crate::ids::Ids;
use crate::tx::Tx;

/// Uses a refresh token.
pub fn refresh(tx: &mut dyn Tx, ids: &Ids, now: Timestamp, tokens: &Tokens) -> Result<Granted> {
    grant(tx, ids, now, tokens, |tx, number| {
        tx.later(
            "DELETE FROM sso_secret WHERE domain = $1 AND number = $2 AND kind = $3",
            args![number, SecretKind::Access.number()],
        )
    })
}
