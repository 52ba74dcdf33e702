//! One request after its caller is known: what every interaction works with.

use std::sync::Arc;

use koppeltaal_auth::Access;
use koppeltaal_core::Timestamp;
use koppeltaal_core::directory::{ConnectedInstance, Domain};
use koppeltaal_core::trace::Trace;
use koppeltaal_store::Scope;

use crate::app::App;
use crate::catalog::Catalog;
use crate::negotiate::Wants;
use crate::outcome::Refusal;

/// A request of a known caller.
pub struct Call {
    /// The face.
    pub app: App,
    /// The domain that is asked.
    pub domain: Arc<Domain>,
    /// The caller and his rights, which interactions leave to [`crate::access`];
    /// absent where no token is needed.
    pub access: Option<Access>,
    /// The definitions of the domain.
    pub catalog: Arc<Catalog>,
    /// The FHIR base of the domain, without a slash at its end.
    pub base: String,
    /// How the caller wants the answer.
    pub wants: Wants,
    /// The ids of the request.
    pub trace: Trace,
    /// When it began.
    pub began: Timestamp,
}

impl Call {
    /// The care data of the domain.
    pub fn scope(&self) -> Scope {
        self.app.store.scope(&self.domain)
    }

    /// Who calls.
    pub fn instance(&self) -> Result<&ConnectedInstance, Refusal> {
        let access = self.access.as_ref().ok_or_else(Refusal::unauthorized)?;
        Ok(&access.instance)
    }

    /// The URL of a version of a resource.
    pub fn version_url(&self, resource_type: &str, id: &str, version: i64) -> String {
        format!("{}/{resource_type}/{id}/_history/{version}", self.base)
    }
}
