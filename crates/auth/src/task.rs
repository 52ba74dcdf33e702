//! The task of a launch as an AuditEvent names it: in its version of the moment,
//! as far as the store has it (TOP-KT-012c).

use koppeltaal_core::directory::Domain;
use koppeltaal_store::resource;

use crate::app::Inner;
use crate::reference::Reference;

/// `Task/1/_history/3`; without a version when there is none, or none can be read.
pub(crate) async fn in_its_version(app: &Inner, domain: &Domain, task: &str) -> String {
    let Some(reference) = Reference::parse(task) else { return task.to_owned() };
    let scope = app.parts.store.scope(domain);
    let found = scope.read(move |tx| resource::read(tx, &reference.kind, &reference.id)).await;
    match found {
        Ok(Some(found)) => format!("{task}/_history/{}", found.version),
        Ok(None) => task.to_owned(),
        Err(error) => {
            tracing::warn!(%error, "the version of the task of a failed launch is not known");
            task.to_owned()
        }
    }
}
