//! What an operation works with, whoever asks for it: a command of the command
//! line or a request of the API.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_auth::SealKey;
use koppeltaal_core::administrator::Rights;
use koppeltaal_core::directory::Directory;
use koppeltaal_core::retention::Limits;
use koppeltaal_core::{Clock, Result};
use koppeltaal_outbound::Clients;
use koppeltaal_store::directory::{Author, load};
use koppeltaal_store::{Ids, Store};

use crate::provision::Rules;

/// What is set for the whole server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The URL under which clients reach this server, without a final slash.
    pub public_url: String,
    /// The name of this environment.
    pub server_name: String,
    /// The limits that a provisioning file is held to.
    pub rules: Rules,
    /// How long bodies of messages stay.
    pub retention: Limits,
    /// How long an access token of Koppeltaal 2.0 lasts.
    pub access_token_lifetime: Duration,
}

/// One operation: who asks for it, and with what it works.
#[derive(Clone)]
pub struct Desk {
    /// The store.
    pub store: Store,
    /// The keys of this process.
    pub ids: Arc<Ids>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The seal over secrets.
    pub seal: Arc<SealKey>,
    /// How this server calls out.
    pub outbound: Arc<Clients>,
    /// What is set.
    pub settings: Arc<Settings>,
    /// Who is recorded.
    pub author: Author,
    /// What is theirs; everything for a command.
    pub rights: Rights,
}

impl Desk {
    /// The directory as it is stored.
    pub async fn directory(&self) -> Result<Directory> {
        self.store.read(|tx| load(tx)).await
    }
}
