//! One request on its way: who asks, what they may see, and the directory of this
//! moment.

use std::sync::Arc;

use koppeltaal_core::Timestamp;
use koppeltaal_core::administrator::{Administrator, Rights};
use koppeltaal_core::directory::Directory;
use koppeltaal_store::directory::Author;

use super::declaration::{Declaration, Who};
use super::failure::Failure;
use super::resource::Resource;
use super::{Api, Inner};

/// A request.
pub struct Ask<'a> {
    /// The Support API.
    pub api: &'a Api,
    /// Who asks; `None`: somebody without an account.
    pub administrator: Option<Administrator>,
    /// The stored directory, as new as the last change.
    pub directory: Arc<Directory>,
    /// When the request began.
    pub began: Timestamp,
    /// Its id.
    pub request_id: &'a str,
}

impl Ask<'_> {
    /// Whether the caller sees a resource.
    pub fn sees(&self, resource: &Resource) -> bool {
        self.administrator.as_ref().is_some_and(|administrator| {
            resource.owner.is_seen_by(&administrator.rights, &requester(administrator))
        })
    }

    /// What is the caller's; `None`: nothing.
    pub fn rights(&self) -> Option<&Rights> {
        self.administrator.as_ref().map(|administrator| &administrator.rights)
    }

    /// Refuses an operation that is not the caller's.
    pub fn allow(&self, who: Who, of: &Declaration, operation: &str) -> Result<(), Failure> {
        let allowed = match &self.administrator {
            Some(administrator) => who.includes(administrator.rights.role()),
            None => who == Who::Anyone,
        };
        let refused = || format!("You may not {operation} {}.", of.name);
        allowed.then_some(()).ok_or_else(|| Failure::forbidden(refused()))
    }

    /// The name under which what the caller asked for is theirs.
    pub fn requester(&self) -> Option<String> {
        self.administrator.as_ref().map(requester)
    }

    /// Who is recorded.
    pub fn author(&self) -> Author {
        let agent = self.administrator.as_ref().map(Administrator::agent);
        Author {
            agent: agent.unwrap_or_else(|| "nobody (Support API)".to_owned()),
            recorded: self.began,
            request_id: Some(self.request_id.to_owned()),
        }
    }

    /// What the Support API works with.
    pub fn inner(&self) -> &Inner {
        self.api
    }
}

/// A token that an operator made may have the name of an account.
fn requester(administrator: &Administrator) -> String {
    match administrator.account {
        Some(_) => administrator.name.clone(),
        None => format!("token:{}", administrator.name),
    }
}
