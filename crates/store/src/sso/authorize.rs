//! A launch id or an activation code becomes an authorization code, once.

use koppeltaal_core::audit::Entry;
use koppeltaal_core::{Result, Timestamp};

use super::guess::{self, Limits};
use super::secret::{self, Digest};
use crate::ids::Ids;
use crate::scope::DomainTx;
use crate::tx::Tx;
use crate::{args, audit};

/// What an application asks for with a launch.
#[derive(Debug, Clone)]
pub struct Approval {
    /// The launch id or activation code.
    pub launch: Digest,
    /// Where the code goes.
    pub redirect_uri: String,
    /// The scope that is granted.
    pub scope: String,
    /// The challenge of PKCE.
    pub challenge: Option<String>,
    /// The code.
    pub code: Digest,
    /// Until when the code can be used.
    pub expires: Timestamp,
    /// The row that records it; gets the number of the authorization.
    pub audit: Entry,
}

/// Who tries activation codes.
#[derive(Debug, Clone)]
pub struct Guesser {
    /// The number of the application.
    pub application: i64,
    /// The address, or the network, it calls from.
    pub address: String,
    /// How often it may be wrong.
    pub limits: Limits,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authorized {
    /// The code is good.
    Done,
    /// The launch is unknown, over, used or revoked.
    Denied,
    /// Too many codes were wrong; the next may be tried after this moment.
    Throttled(Timestamp),
}

/// Uses a launch id.
pub fn authorize(
    tx: &mut dyn Tx,
    ids: &Ids,
    now: Timestamp,
    approval: &Approval,
) -> Result<Authorized> {
    let Some((domain, number)) = secret::spend(tx, &approval.launch, now)? else {
        return Ok(Authorized::Denied);
    };
    let mut tx = DomainTx::new(tx, domain);
    let approved = tx.execute(
        "UPDATE sso_authorization
         SET redirect_uri = $3, scope = $4, challenge = $5, authorized = $6, expires = $7
         WHERE domain = $1 AND number = $2 AND revoked IS NULL",
        args![
            number,
            approval.redirect_uri.as_str(),
            approval.scope.as_str(),
            &approval.challenge,
            now,
            approval.expires
        ],
    )?;
    if approved == 0 {
        return Ok(Authorized::Denied);
    }
    secret::keep(&mut tx, &approval.code, number, approval.expires)?;
    audit::append(&mut tx, ids, &[Entry { item: Some(number), ..approval.audit.clone() }])?;
    Ok(Authorized::Done)
}

/// Counts an activation code that nobody has; tells until when none is tried, if that
/// is so already.
pub fn wrong_code(
    tx: &mut dyn Tx,
    ids: &Ids,
    now: Timestamp,
    guesser: &Guesser,
) -> Result<Option<Timestamp>> {
    let throttled = guess::throttled(tx, guesser, now)?;
    if throttled.is_none() {
        guess::count(tx, ids, guesser, now)?;
    }
    Ok(throttled)
}

/// Uses an activation code, which can be guessed: one that is wrong is counted, and
/// after too many of them a right one is not accepted either.
pub fn authorize_by_code(
    tx: &mut dyn Tx,
    ids: &Ids,
    now: Timestamp,
    approval: &Approval,
    guesser: &Guesser,
) -> Result<Authorized> {
    if let Some(until) = guess::throttled(tx, guesser, now)? {
        return Ok(Authorized::Throttled(until));
    }
    let outcome = authorize(tx, ids, now, approval)?;
    if outcome == Authorized::Denied {
        guess::count(tx, ids, guesser, now)?;
    }
    Ok(outcome)
}
