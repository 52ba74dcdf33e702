//! Rights in two columns: the role, and the names it is for.

use koppeltaal_core::administrator::{Rights, Role};
use koppeltaal_core::{Error, Result};

/// The columns `role` and `scope`.
pub(super) fn columns(rights: &Rights) -> Result<(&'static str, String)> {
    let scope = serde_json::to_string(&rights.names()).map_err(Error::internal)?;
    Ok((rights.role().code(), scope))
}

/// What the columns say.
pub(super) fn read(role: &str, scope: &str) -> Result<Rights> {
    let role = Role::from_code(role)
        .ok_or_else(|| Error::Internal(format!("`{role}` is no role of administrators")))?;
    let names: Vec<String> = serde_json::from_str(scope).map_err(Error::internal)?;
    // One who was accepted and administers nothing yet has no names.
    Ok(match role {
        Role::System => Rights::System,
        Role::Domain => Rights::Domains(names.into_iter().collect()),
        Role::Application => Rights::Applications(names.into_iter().collect()),
    })
}
