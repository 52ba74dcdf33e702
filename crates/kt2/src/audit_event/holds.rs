//! What AuditEvents hold: who took part in them, who told of them and where they come
//! from stays, as the standard has it for every reference but those of entities.

use koppeltaal_core::Result;
use koppeltaal_store::DomainTx;
use koppeltaal_store::audit::{self, Wanted};

use super::plan::everything;
use super::skeleton::skeletons;
use crate::catalog::Catalog;

/// Whether an AuditEvent refers to this resource by one of these parameters. Their
/// references stand in the shapes; a shape without events holds nothing.
pub fn holds(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    (kind, id): (&str, &str),
    parameters: &[i64],
) -> Result<bool> {
    let reference = format!("{kind}/{id}");
    let all = skeletons(tx, catalog)?;
    let naming = all.iter().filter(|(_, skeleton)| {
        skeleton
            .rows
            .iter()
            .any(|row| row.value == reference && parameters.contains(&row.parameter))
    });
    let shapes: Vec<i64> = naming.map(|(number, _)| *number).collect();
    if shapes.is_empty() {
        return Ok(false);
    }
    let wanted = Wanted { shapes: Some(shapes), limit: 1, ..everything() };
    Ok(!audit::events(tx, &wanted)?.is_empty())
}
