//! What a domain defines itself: profiles, code lists and search parameters are
//! resources; here stand when they last changed, and the search parameters whose
//! index does not cover every resource yet.

use koppeltaal_core::Result;

use crate::args;
use crate::scope::DomainTx;
use crate::tx::Tx;

/// A number that rises with every change of definitions in any domain.
pub fn version(tx: &mut dyn Tx) -> Result<i64> {
    tx.query_one("SELECT value FROM counter WHERE name = 'definitions'", args![])?
        .unwrap_or_default()
        .int(0)
}

/// The definitions of the domain were changed. The row lock makes the number rise
/// in the order of commits, so this comes last in a transaction.
pub fn changed(tx: &mut DomainTx<'_>) -> Result<()> {
    tx.outside().later("UPDATE counter SET value = value + 1 WHERE name = 'definitions'", args![])
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
