//! What operators do with the resources of a domain, beside the face that serves
//! applications: read and search, export and import, erase a patient, index anew,
//! install definitions. Nothing here asks for rights or prints; every access to
//! care data is recorded.

mod codes;
mod confidential;
mod erase;
mod export;
mod import;
mod label;
mod look;
mod package;
mod reindex;
mod switch_off;

use std::sync::Arc;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_core::trace::is_fhir_id;
use koppeltaal_core::{Clock, Error, Result};
use koppeltaal_store::{Ids, Scope, Store, audit};

pub use confidential::{pretty, shown};
pub use erase::{Erasure, erase};
pub use export::{Export, export, export_count};
pub use import::{Imported, Importing, Problem, import};
pub use label::label;
pub use look::{Hits, get, history, search};
pub use package::{Installed, install};
pub use reindex::{Reindexed, reindex};
pub use switch_off::switch_off;

use crate::catalog::Catalog;
use crate::kind;
use crate::outcome::Refusal;
use crate::subscription::{Cause, Subscriptions, Watcher, Writer};

/// Resources that are read at a time.
const PAGE: i64 = 200;

/// An operator at work in a domain.
#[derive(Clone)]
pub struct Operator {
    /// The store.
    pub store: Store,
    /// Keys of this process.
    pub ids: Arc<Ids>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The domain.
    pub domain: Arc<Domain>,
    /// Its FHIR base, without a slash at its end.
    pub base: String,
    /// All spellings of it: that one and the alias of the domain.
    pub bases: Vec<String>,
    /// Who it is, for the audit trail.
    pub agent: String,
}

/// How far work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Resources that are done.
    pub done: u64,
    /// Those that there are, as far as is known.
    pub total: u64,
    /// The key of the last one that is done: work that was broken off goes on
    /// after it.
    pub after: i64,
}

impl Operator {
    /// The care data of the domain.
    fn scope(&self) -> Scope {
        self.store.scope(&self.domain)
    }

    /// The definitions of the domain as they are stored now.
    async fn catalog(&self) -> Result<Arc<Catalog>> {
        Catalog::load(&self.store, &self.domain).await
    }

    /// The operator as somebody who writes now, by these definitions.
    async fn watcher(
        &self,
        subscriptions: &Subscriptions,
        directory: &Arc<Directory>,
        catalog: &Arc<Catalog>,
    ) -> Result<Watcher> {
        let writer = Writer {
            store: &self.store,
            domain: &self.domain,
            bases: &self.bases,
            directory: directory.clone(),
            ids: self.ids.clone(),
        };
        let now = self.clock.now();
        Watcher::new(subscriptions, writer, catalog.clone(), Cause::of_server(), now).await
    }

    /// A row of the audit trail about what the operator does.
    fn entry(&self, action: Action) -> Entry {
        Entry::new(action, self.clock.now(), self.agent.clone())
    }

    /// Records that the operator reads; before he is shown anything.
    async fn record_read(&self, focal: Option<&str>, detail: String) -> Result<()> {
        let patient = focal.filter(|focal| focal.starts_with("Patient/"));
        let entry = Entry {
            focal: focal.map(|focal| self.url(focal)),
            patient: patient.map(|patient| self.url(patient)),
            detail: Some(detail),
            ..self.entry(Action::Read)
        };
        let ids = self.ids.clone();
        let scope = self.scope();
        let written = scope.write(move |tx| audit::append(tx, &ids, std::slice::from_ref(&entry)));
        written.await.map(drop)
    }

    /// The URL of a resource.
    fn url(&self, reference: &str) -> String {
        format!("{}/{reference}", self.base)
    }
}

/// Type and id of `Patient/7b…`. Fails when it is nothing that is served here.
pub fn reference(text: &str) -> Result<(&'static str, String)> {
    let parts = text.split_once('/').filter(|(_, id)| is_fhir_id(id));
    let (name, id) = parts.ok_or_else(|| {
        Error::Invalid(format!("`{text}` is no resource: write type and id, as in Patient/7b8e…"))
    })?;
    Ok((known_type(name)?, id.to_owned()))
}

/// The type with this name. Fails when it is not served here.
pub fn known_type(name: &str) -> Result<&'static str> {
    kind::named(name).ok_or_else(|| {
        let names: Vec<&str> = kind::served().collect();
        Error::Invalid(format!("`{name}` is no type that is kept here: {}", names.join(", ")))
    })
}

/// What a caller of the face would be told, in words.
fn told(refusal: &Refusal) -> Error {
    let issues: Vec<String> =
        refusal.issues.iter().map(|issue| issue.diagnostics.clone()).collect();
    Error::Invalid(issues.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_named_by_type_and_id() {
        assert_eq!(reference("Patient/7b-8").unwrap(), ("Patient", "7b-8".to_owned()));
        for wrong in
            ["Patient", "Patient/", "Observation/1", "patient/1", "Patient/a b", "Patient/1/2"]
        {
            assert!(reference(wrong).is_err(), "{wrong}");
        }
    }
}
