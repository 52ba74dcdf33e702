//! What a domain defines itself: profiles, code lists and search parameters are
//! resources; here stand how often they changed, and the search parameters whose
//! index does not cover every resource yet.

use std::collections::HashMap;

use koppeltaal_core::{Error, Result};

use crate::args;
use crate::scope::DomainTx;
use crate::tx::Tx;

/// The version of the definitions of each domain (by its number) that has ever had
/// some of its own.
pub fn versions(tx: &mut dyn Tx) -> Result<HashMap<i64, i64>> {
    tx.query("SELECT domain, version FROM definitions", args![])?
        .into_iter()
        .map(|row| Ok((row.int(0)?, row.int(1)?)))
        .collect()
}

/// The version of the definitions of the domain: it rises with every change; 0 when
/// it has never had any of its own.
pub fn version(tx: &mut DomainTx<'_>) -> Result<i64> {
    tx.query_one("SELECT version FROM definitions WHERE domain = $1", args![])?
        .map_or(Ok(0), |row| row.int(0))
}

/// Fails with `PreconditionFailed` when the definitions of the domain have another
/// version than this by now. Whoever writes resources asks this after the write:
/// what was indexed by other definitions is not stored. Tells how often
/// subscriptions of the domain were changed ([`crate::subscription::counter`]).
pub fn require(tx: &mut DomainTx<'_>, expected: i64) -> Result<i64> {
    let sql = "SELECT version, subscriptions FROM definitions WHERE domain = $1";
    let (version, subscriptions) = match tx.query_one(sql, args![])? {
        Some(row) => (row.int(0)?, row.int(1)?),
        None => (0, 0),
    };
    if version == expected {
        return Ok(subscriptions);
    }
    let told = "the definitions of the domain changed meanwhile; try again";
    Err(Error::PreconditionFailed(told.to_owned()))
}

/// [`require`], and nobody else changes them until the transaction ends. Whoever
/// changes definitions does this first.
pub fn hold(tx: &mut DomainTx<'_>, expected: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO definitions (domain, version) VALUES ($1, 0)
         ON CONFLICT (domain) DO UPDATE SET version = definitions.version",
        args![],
    )?;
    require(tx, expected).map(drop)
}

/// The definitions of the domain were changed.
pub fn changed(tx: &mut DomainTx<'_>) -> Result<()> {
    tx.later(
        "INSERT INTO definitions (domain, version) VALUES ($1, 1)
         ON CONFLICT (domain) DO UPDATE SET version = definitions.version + 1",
        args![],
    )
}

/// The canonical URLs of the search parameters that do not cover every resource
/// yet: resources are indexed by them, and searches do not know them.
pub fn unindexed(tx: &mut DomainTx<'_>) -> Result<Vec<String>> {
    tx.query("SELECT url FROM unindexed_parameter WHERE domain = $1 ORDER BY url", args![])?
        .into_iter()
        .map(|mut row| row.text(0))
        .collect()
}

/// A search parameter was added or changed: it covers no resource yet.
pub fn begin(tx: &mut DomainTx<'_>, url: &str) -> Result<()> {
    tx.later(
        "INSERT INTO unindexed_parameter (domain, url) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        args![url],
    )
}

/// Every resource is indexed by the search parameter.
pub fn finish(tx: &mut DomainTx<'_>, url: &str) -> Result<()> {
    tx.later("DELETE FROM unindexed_parameter WHERE domain = $1 AND url = $2", args![url])
}
