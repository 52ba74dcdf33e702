//! Whether any resource meets a search, for those who ask of one reference at a
//! time: the look ends with the first.

use koppeltaal_core::Result;
use koppeltaal_core::search::Condition;

use super::chain::prepare;
use super::in_time::{STAMPS, in_time};
use crate::scope::DomainTx;

/// Whether a resource of the type meets these conditions. Fails with `Invalid` when
/// one of them has too many alternatives.
pub fn any(tx: &mut DomainTx<'_>, resource_type: &str, conditions: &[Condition]) -> Result<bool> {
    let Some(prepared) = prepare(tx, resource_type, conditions)? else { return Ok(false) };
    Ok(!in_time(tx, &prepared, true, None, 1, &STAMPS)?.is_empty())
}
