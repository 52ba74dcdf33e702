//! What every interaction works with.

use std::sync::Arc;

use koppeltaal_auth::RequestLimit;
use koppeltaal_core::Clock;
use koppeltaal_core::directory::Domain;
use koppeltaal_store::{AuditLog, Ids, Store};

use crate::capabilities::Statements;
use crate::catalog::Catalog;
use crate::catalogs::Catalogs;
use crate::record::Shapes;
use crate::subscription::Subscriptions;

/// What the program hands to [`App::new`].
pub struct Parts {
    /// The store.
    pub store: Store,
    /// Keys of this process.
    pub ids: Arc<Ids>,
    /// Who writes the rows of reads and refusals.
    pub audit_log: AuditLog,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who verifies tokens, and publishes where they come from.
    pub authorization: koppeltaal_auth::App,
    /// The definitions of the domains.
    pub catalogs: Catalogs,
    /// The subscriptions of the domains.
    pub subscriptions: Subscriptions,
    /// The name of the environment.
    pub server_name: String,
    /// When the server began: the date of its CapabilityStatement.
    pub started: koppeltaal_core::Timestamp,
    /// The largest body that is read, in bytes.
    pub body_limit: usize,
    /// How many requests an instance may send.
    pub limit: Arc<RequestLimit>,
    /// What page links are sealed with; the same in every process.
    pub page_key: [u8; 32],
}

/// The FHIR face: shared by every request.
#[derive(Clone)]
pub struct App(Arc<Shared>);

struct Shared {
    parts: Parts,
    statements: Statements,
    shapes: Shapes,
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl App {
    /// Puts the face together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Shared {
            parts,
            statements: Statements::default(),
            shapes: Shapes::default(),
        }))
    }

    /// The CapabilityStatements that were made.
    pub(crate) fn statements(&self) -> &Statements {
        &self.0.statements
    }

    /// The shapes of AuditEvents that were made.
    pub(crate) fn shapes(&self) -> &Shapes {
        &self.0.shapes
    }

    /// The definitions of a domain.
    pub fn catalog(&self, domain: &Domain) -> Arc<Catalog> {
        self.catalogs.of(domain.number)
    }
}
