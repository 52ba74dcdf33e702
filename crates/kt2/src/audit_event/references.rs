//! Where the references of AuditEvents lead: no table holds them, so they are read
//! from the events.

use std::collections::BTreeSet;

use koppeltaal_core::Result;
use koppeltaal_store::DomainTx;
use koppeltaal_store::audit::{self, Wanted};

use super::plan::everything;
use super::row::node;
use crate::catalog::Catalog;

/// Events that are read at a time.
const AT_ONCE: usize = 200;

/// Where the references by one of these parameters lead, of the events with these
/// keys; each once.
pub fn references(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    keys: &[i64],
    parameters: &[i64],
) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for some in keys.chunks(AT_ONCE) {
        let limit = i64::try_from(some.len()).unwrap_or(i64::MAX);
        let wanted = Wanted { keys: Some(some.to_vec()), limit, ..everything() };
        for row in audit::events(tx, &wanted)? {
            let rows = catalog.index(&node(&row), None).rows;
            let of = rows.into_iter().filter(|row| parameters.contains(&row.parameter));
            found.extend(of.map(|row| row.value));
        }
    }
    Ok(found)
}
