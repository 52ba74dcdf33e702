//! The signing keys of a domain: numbered, sealed, and published for as long as
//! tokens that they signed may be alive.

use koppeltaal_core::directory::Secret;
use koppeltaal_core::{Result, Timestamp};

use super::change;
use crate::args;
use crate::scope::DomainTx;

/// A signing key of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its number, counted from 1 in its domain.
    pub number: i64,
    /// The id under which it is published.
    pub kid: String,
    /// The key, sealed by the caller; empty when it is published no more.
    pub sealed: Secret,
    /// When it was made.
    pub created: Timestamp,
    /// When it begins to sign; it is published before.
    pub signs_from: Timestamp,
    /// When its publication ends; `None`: it is the newest.
    pub published_until: Option<Timestamp>,
}

/// The keys of the domain by number, those included that are published no more.
pub fn signing_keys(tx: &mut DomainTx<'_>) -> Result<Vec<SigningKey>> {
    let rows = tx.query(
        "SELECT number, kid, sealed, created, signs_from, published_until FROM signing_key
         WHERE domain = $1 ORDER BY number",
        args![],
    )?;
    rows.into_iter()
        .map(|mut row| {
            Ok(SigningKey {
                number: row.int(0)?,
                kid: row.text(1)?,
                sealed: Secret(row.text(2)?),
                created: Timestamp(row.int(3)?),
                signs_from: Timestamp(row.int(4)?),
                published_until: row.opt_int(5)?.map(Timestamp),
            })
        })
        .collect()
}

/// Adds `key` if its number is the next one, and ends the publication of the
/// earlier ones at `retire_earlier_at`, unless they end before. False: another
/// process was faster, nothing was written, and the caller reads the keys again.
pub fn add_signing_key(
    tx: &mut DomainTx<'_>,
    key: &SigningKey,
    retire_earlier_at: Timestamp,
) -> Result<bool> {
    let newest = tx
        .query_one("SELECT COALESCE(MAX(number), 0) FROM signing_key WHERE domain = $1", args![])?
        .unwrap_or_default()
        .int(0)?;
    if key.number != newest + 1 {
        return Ok(false);
    }
    let inserted = tx.execute(
        "INSERT INTO signing_key
           (domain, number, kid, sealed, created, signs_from, published_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (domain, number) DO NOTHING",
        args![
            key.number,
            &key.kid,
            &key.sealed.0,
            key.created,
            key.signs_from,
            key.published_until.map(|until| until.0)
        ],
    )?;
    if inserted == 0 {
        return Ok(false);
    }
    tx.later(
        "UPDATE signing_key SET published_until = $3
         WHERE domain = $1 AND number < $2
           AND (published_until IS NULL OR published_until > $3)",
        args![key.number, retire_earlier_at],
    )?;
    change::note_key(tx.outside())?;
    Ok(true)
}
