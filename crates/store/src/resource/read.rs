//! read: the current version of a resource.

use koppeltaal_core::Result;

use super::{Stored, current};
use crate::scope::DomainTx;

/// The current version; of a deleted resource the deletion, with the body of the
/// version before. `None`: the domain has no such resource.
pub fn read(tx: &mut DomainTx<'_>, resource_type: &str, id: &str) -> Result<Option<Stored>> {
    current(tx, resource_type, id, "")
}
