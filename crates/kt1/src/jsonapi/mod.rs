//! The Support API: JSON:API 1.0 at `/jsonapi/Koppeltaal/<Type>` for
//! administrators (kt13-around 3.4). Types are declared as data; reading, filtering,
//! writing, versions and errors are the same for all of them.
//!
//! | file | what |
//! |---|---|
//! | `declaration` | what a type is; who may do what |
//! | `negotiate`, `query`, `filter`, `input` | what a request says |
//! | `resource`, `list`, `document`, `failure` | what an answer says |
//! | `routes`, `fetch`, `write` | from a request to its answer |
//! | `change`, `provision` | changes of the directory, by the rules of `apply` |
//! | `types/` | the types |

mod ask;
mod change;
mod declaration;
mod document;
mod failure;
mod fetch;
mod filter;
mod input;
mod list;
mod mail;
mod negotiate;
mod provision;
mod query;
mod resource;
mod routes;
mod types;
mod write;

use std::ops::Deref;
use std::sync::Arc;

use koppeltaal_auth::SealKey;
use koppeltaal_auth::administrator::Administrators;
use koppeltaal_core::directory::Directory;
use koppeltaal_core::network::Network;
use koppeltaal_core::{Result, Timestamp};
use koppeltaal_store::{Store, directory};

use crate::app::App;
use document::Writer;

pub use provision::{Planned, Problem, Provision, Table};
pub use routes::{handle, is_support_path};

/// What the program hands to [`Api::new`].
pub struct Parts {
    /// The KT1 face: the store, the clock, the keys, and how definitions are
    /// published.
    pub kt1: App,
    /// Who administers.
    pub administrators: Administrators,
    /// From where user name and password are taken, and requests of those who have
    /// no account.
    pub allow_from: Vec<Network>,
    /// Changes of the directory.
    pub provision: Arc<dyn Provision>,
    /// Seals mails, opens the request log.
    pub seal: Arc<SealKey>,
    /// The version of this program.
    pub version: &'static str,
}

/// The Support API: shared by every request.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

/// What is behind an [`Api`].
pub struct Inner {
    parts: Parts,
    writer: Writer,
}

impl Deref for Api {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Api {
    /// Puts it together.
    pub fn new(parts: Parts) -> Self {
        let root = parts.kt1.parts.settings.public_url.trim_end_matches('/');
        let writer = Writer { base: format!("{root}/jsonapi/Koppeltaal") };
        Self(Arc::new(Inner { parts, writer }))
    }
}

impl Inner {
    fn store(&self) -> &Store {
        &self.parts.kt1.parts.store
    }

    fn now(&self) -> Timestamp {
        self.parts.kt1.now()
    }

    fn server_name(&self) -> &str {
        &self.parts.kt1.parts.settings.server_name
    }

    /// The stored directory: the one in memory when it is as new.
    async fn directory(&self) -> Result<Arc<Directory>> {
        let known = self.parts.kt1.directory();
        if self.store().read(directory::version).await? == known.version {
            return Ok(known);
        }
        self.store().read(directory::load).await.map(Arc::new)
    }
}
