//! Secrets of single sign-on under their hash: one look-up leads from what a
//! client brings to the domain and the launch it belongs to.

use std::fmt;

use koppeltaal_core::{Result, Timestamp};
use sha2::{Digest as _, Sha256};

use super::authorization::{Authorization, COLUMNS, from_row};
use crate::args;
use crate::scope::DomainTx;
use crate::tx::Tx;

/// What a secret is for. One kind never stands in for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// The id that a web launch hands to the application.
    Launch,
    /// The digits that a person types into a mobile application.
    ActivationCode,
    /// An authorization code.
    Code,
    /// An access token.
    Access,
    /// A refresh token.
    Refresh,
}

impl SecretKind {
    /// The number in the store and in the hash; never changes.
    pub(super) fn number(self) -> i64 {
        match self {
            Self::Launch => 0,
            Self::ActivationCode => 1,
            Self::Code => 2,
            Self::Access => 3,
            Self::Refresh => 4,
        }
    }
}

/// The hash of a secret together with its kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest {
    pub(super) kind: SecretKind,
    bytes: [u8; 32],
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({:?})", self.kind)
    }
}

impl Digest {
    /// The digest of a random secret.
    pub fn of(kind: SecretKind, secret: &str) -> Self {
        Self::made(kind, &[secret.as_bytes()])
    }

    /// The digest of an activation code, which is short: `key` keeps whoever has
    /// the store alone from trying them all. Each application has codes of its own.
    pub fn of_activation_code(key: &[u8; 32], application: i64, code: &str) -> Self {
        Self::made(SecretKind::ActivationCode, &[key, &application.to_be_bytes(), code.as_bytes()])
    }

    fn made(kind: SecretKind, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new().chain_update(kind.number().to_be_bytes());
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self { kind, bytes: hash.finalize().into() }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// A secret that is known, and the launch it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// When the secret ends.
    pub expires: Timestamp,
    /// When it was used, where it works once.
    pub used: Option<Timestamp>,
    /// The launch.
    pub authorization: Authorization,
}

/// Looks a secret up without using it.
pub fn look_up(tx: &mut dyn Tx, digest: &Digest) -> Result<Option<Found>> {
    let Some(place) = place(tx, digest)? else { return Ok(None) };
    let mut tx = DomainTx::new(tx, place.domain);
    let authorization = read(&mut tx, place.number)?;
    Ok(authorization.map(|authorization| Found {
        expires: place.expires,
        used: place.used,
        authorization,
    }))
}

/// Where a secret leads.
pub(super) struct Place {
    pub(super) domain: i64,
    pub(super) number: i64,
    pub(super) expires: Timestamp,
    pub(super) used: Option<Timestamp>,
}

pub(super) fn place(tx: &mut dyn Tx, digest: &Digest) -> Result<Option<Place>> {
    let row = tx.query_one(
        "SELECT domain, number, expires, used FROM sso_secret WHERE digest = $1",
        args![digest.bytes()],
    )?;
    row.map(|row| {
        Ok(Place {
            domain: row.int(0)?,
            number: row.int(1)?,
            expires: Timestamp(row.int(2)?),
            used: row.opt_int(3)?.map(Timestamp),
        })
    })
    .transpose()
}

/// Uses a secret: of all who try, at all times, one gets to know where it leads.
pub(super) fn spend(
    tx: &mut dyn Tx,
    digest: &Digest,
    now: Timestamp,
) -> Result<Option<(i64, i64)>> {
    let row = tx.query_one(
        "UPDATE sso_secret SET used = $2
         WHERE digest = $1 AND used IS NULL AND expires > $2 RETURNING domain, number",
        args![digest.bytes(), now],
    )?;
    row.map(|row| Ok((row.int(0)?, row.int(1)?))).transpose()
}

/// Keeps a secret of a launch. False when there is one with this digest.
pub(super) fn keep(
    tx: &mut DomainTx<'_>,
    digest: &Digest,
    number: i64,
    expires: Timestamp,
) -> Result<bool> {
    let kept = tx.execute(
        "INSERT INTO sso_secret (domain, digest, kind, number, expires) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (digest) DO NOTHING",
        args![digest.bytes(), digest.kind.number(), number, expires],
    )?;
    Ok(kept == 1)
}

/// The launch with this number.
pub(super) fn read(tx: &mut DomainTx<'_>, number: i64) -> Result<Option<Authorization>> {
    let row = tx.query_one(
        &format!("SELECT {COLUMNS} FROM sso_authorization WHERE domain = $1 AND number = $2"),
        args![number],
    )?;
    row.map(from_row).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_secret_counts() {
        let digest = Digest::of(SecretKind::Code, "abc");
        assert_eq!(digest, Digest::of(SecretKind::Code, "abc"));
        assert_ne!(digest.bytes(), Digest::of(SecretKind::Access, "abc").bytes());
        let code = Digest::of_activation_code(&[1; 32], 7, "12345678");
        assert_eq!(code, Digest::of_activation_code(&[1; 32], 7, "12345678"));
        for other in [
            Digest::of_activation_code(&[2; 32], 7, "12345678"),
            Digest::of_activation_code(&[1; 32], 8, "12345678"),
            Digest::of_activation_code(&[1; 32], 7, "12345679"),
            Digest::of(SecretKind::ActivationCode, "12345678"),
        ] {
            assert_ne!(code.bytes(), other.bytes());
        }
        assert!(!format!("{digest:?}").contains("abc"));
    }
}
