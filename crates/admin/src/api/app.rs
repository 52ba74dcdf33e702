//! What every operation of the API works with.

use std::sync::Arc;

use koppeltaal_auth::SealKey;
use koppeltaal_auth::administrator::Administrators;
use koppeltaal_core::Clock;
use koppeltaal_core::network::Network;
use koppeltaal_outbound::Clients;
use koppeltaal_store::{AuditLog, Ids, Store};

use crate::desk::Settings;

/// What the program hands to [`App::new`].
pub struct Parts {
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
    /// Where reads and refusals are recorded.
    pub audit_log: AuditLog,
    /// Who administers.
    pub administrators: Administrators,
    /// What is set.
    pub settings: Arc<Settings>,
    /// Whose requests are answered at all.
    pub allow_from: Vec<Network>,
    /// Whether browsers come by https, and their cookie goes by it alone.
    pub is_https: bool,
}

/// The administration API: shared by every request.
#[derive(Clone)]
pub struct App(Arc<Parts>);

impl App {
    /// Puts it together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
