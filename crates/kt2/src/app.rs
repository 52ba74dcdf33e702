//! What every interaction works with.

use std::sync::Arc;

use koppeltaal_store::Store;

/// What the program hands to [`App::new`].
pub struct Parts {
    /// The store.
    pub store: Store,
    /// Who verifies tokens, and publishes where they come from.
    pub authorization: koppeltaal_auth::App,
    /// The name of the environment.
    pub server_name: String,
    /// When the server began: the date of its CapabilityStatement.
    pub started: koppeltaal_core::Timestamp,
}

/// The FHIR face: shared by every request.
#[derive(Clone)]
pub struct App(Arc<Parts>);

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Puts the face together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}
