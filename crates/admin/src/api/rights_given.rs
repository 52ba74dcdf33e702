//! What somebody is to administer, as a request says it.

use koppeltaal_core::administrator::{Rights, Role};
use koppeltaal_core::directory::Directory;
use koppeltaal_core::{Error, Result};
use serde::Deserialize;

use super::asked::unknown;

/// What somebody is to administer.
#[derive(Deserialize)]
pub(super) struct RightsGiven {
    pub(super) role: String,
    #[serde(default)]
    pub(super) domains: Vec<String>,
    #[serde(default)]
    pub(super) applications: Vec<String>,
}

impl RightsGiven {
    /// The rights, over domains and applications that exist.
    pub(super) fn rights(self, directory: &Directory) -> Result<Rights> {
        let role = Role::from_code(&self.role).ok_or_else(|| {
            let all = Role::ALL.map(Role::code).join(", ");
            Error::Invalid(format!("role: `{}` is not one of {all}", self.role))
        })?;
        let unfit = match role {
            Role::System => !self.domains.is_empty() || !self.applications.is_empty(),
            Role::Domain => !self.applications.is_empty(),
            Role::Application => !self.domains.is_empty(),
        };
        if unfit {
            return Err(Error::Invalid(format!("role {} is not for those", role.code())));
        }
        for name in &self.domains {
            directory.domain(name).ok_or_else(|| unknown("domain", name))?;
        }
        for id in &self.applications {
            directory.application(id).ok_or_else(|| unknown("application", id))?;
        }
        Rights::new(role, self.domains.into_iter().chain(self.applications))
    }
}
