//! An authorization code becomes tokens, once; brought a second time it ends what
//! it began.

use koppeltaal_core::audit::Entry;
use koppeltaal_core::{Result, Timestamp};

use super::authorization::Authorization;
use super::revoke;
use super::secret::{self, Digest};
use crate::ids::Ids;
use crate::scope::DomainTx;
use crate::tx::Tx;
use crate::{args, audit};

/// A token to be given.
#[derive(Debug, Clone, Copy)]
pub struct NewToken {
    /// Its hash.
    pub digest: Digest,
    /// Until when it can be used.
    pub expires: Timestamp,
}

/// What is given for a code or a refresh token.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The code or the refresh token.
    pub presented: Digest,
    /// The access token.
    pub access: NewToken,
    /// The refresh token, where the application gets one.
    pub refresh: Option<NewToken>,
    /// The row that records it; gets the number of the authorization.
    pub audit: Entry,
    /// The row that records that all was revoked, because the code or token had been
    /// used before.
    pub audit_reuse: Entry,
}

impl Tokens {
    /// When nothing can be used any more.
    fn expires(&self) -> Timestamp {
        self.refresh.map_or(self.access.expires, |refresh| refresh.expires.max(self.access.expires))
    }
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    /// The tokens are good.
    Done(Box<Authorization>),
    /// The code or token was used before: everything is revoked.
    Reused,
    /// It is unknown or over, or was revoked.
    Denied,
}

/// Uses a code.
pub fn exchange(tx: &mut dyn Tx, ids: &Ids, now: Timestamp, tokens: &Tokens) -> Result<Granted> {
    grant(tx, ids, now, tokens, |_, _| Ok(()))
}

/// Uses a code or a refresh token; `before` does what comes before the new tokens.
pub(super) fn grant(
    tx: &mut dyn Tx,
    ids: &Ids,
    now: Timestamp,
    tokens: &Tokens,
    before: impl FnOnce(&mut DomainTx<'_>, i64) -> Result<()>,
) -> Result<Granted> {
    let Some((domain, number)) = secret::spend(tx, &tokens.presented, now)? else {
        return refused(tx, ids, now, tokens);
    };
    let mut tx = DomainTx::new(tx, domain);
    let granted = tx.execute(
        "UPDATE sso_authorization SET granted = COALESCE(granted, $3), expires = $4
         WHERE domain = $1 AND number = $2 AND revoked IS NULL",
        args![number, now, tokens.expires()],
    )?;
    if granted == 0 {
        return Ok(Granted::Denied);
    }
    before(&mut tx, number)?;
    for token in [Some(tokens.access), tokens.refresh].into_iter().flatten() {
        secret::keep(&mut tx, &token.digest, number, token.expires)?;
    }
    audit::append(&mut tx, ids, &[Entry { item: Some(number), ..tokens.audit.clone() }])?;
    let authorization = secret::read(&mut tx, number)?;
    Ok(authorization.map_or(Granted::Denied, |found| Granted::Done(Box::new(found))))
}

fn refused(tx: &mut dyn Tx, ids: &Ids, now: Timestamp, tokens: &Tokens) -> Result<Granted> {
    let Some(place) = secret::place(tx, &tokens.presented)? else { return Ok(Granted::Denied) };
    if place.used.is_none() {
        return Ok(Granted::Denied);
    }
    let mut tx = DomainTx::new(tx, place.domain);
    revoke::revoke(&mut tx, ids, now, place.number, &tokens.audit_reuse)?;
    Ok(Granted::Reused)
}
