//! One request after its caller is known: what every interaction works with.

use std::sync::Arc;

use koppeltaal_auth::Access;
use koppeltaal_core::directory::{ConnectedInstance, Domain};
use koppeltaal_core::trace::Trace;
use koppeltaal_core::{Error, Result as CoreResult, Timestamp};
use koppeltaal_store::Scope;

use crate::app::App;
use crate::catalog::Catalog;
use crate::negotiate::Wants;
use crate::outcome::Refusal;

/// How often a resource is judged and indexed anew because definitions changed
/// before it was stored.
pub const ATTEMPTS: usize = 3;

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
    /// All spellings of it: that one and the alias of the domain.
    pub bases: Vec<String>,
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

    /// Takes the definitions that the domain has now, after those in use turned out
    /// to be others.
    pub async fn renew(&mut self) -> CoreResult<()> {
        let app = &self.app;
        self.catalog = app.catalogs.newer(&app.store, &self.domain, &self.catalog).await?;
        Ok(())
    }
}

/// What a transaction gave that ended with
/// [`koppeltaal_store::definitions::require`]; `None` when definitions had changed.
pub fn when_current<T>(outcome: CoreResult<T>) -> CoreResult<Option<T>> {
    match outcome {
        Ok(done) => Ok(Some(done)),
        Err(Error::PreconditionFailed(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is answered when definitions change faster than a resource can be stored.
pub fn overtaken() -> Error {
    Error::Unavailable("the definitions of the domain changed again and again".to_owned())
}
