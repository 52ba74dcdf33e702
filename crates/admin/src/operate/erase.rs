//! Removing a patient from a domain, and bodies whose time is over.

use std::sync::Arc;

use koppeltaal_auth::Urls;
use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_core::{Error, Result};
use koppeltaal_kt1::{erase as erase_messages, run_retention};
use koppeltaal_kt2::operate::{self, Erasure, Operator, reference};
use serde_json::{Map, json};

use crate::desk::Desk;
use crate::page::{self, Object};

/// Erases a patient: by the URL that messages refer to it with, or as
/// `Patient/<id>` of Koppeltaal 2.0. With `dry_run` it only tells what would go.
pub async fn patient(
    desk: &Desk,
    domain: &Arc<Domain>,
    patient: &str,
    dry_run: bool,
) -> Result<Object> {
    let nothing =
        || Error::NotFound(format!("domain {} holds nothing about {patient}", domain.name));
    if patient.starts_with("Patient/") {
        let (_, id) = reference(patient)?;
        let erased = operate::erase(&operator(desk, domain), &id, dry_run).await?;
        let erased = erased.ok_or_else(nothing)?;
        refuse_remaining(&erased)?;
        return Ok(resources(&erased));
    }
    let identity = koppeltaal_fhir::dstu1::reference::identity(patient);
    let (clock, agent) = (desk.clock.as_ref(), &desk.author.agent);
    let erased =
        erase_messages(&desk.store, &desk.ids, clock, domain, identity, agent, dry_run).await?;
    if erased.messages == 0 && erased.resources == 0 {
        return Err(nothing());
    }
    serde_json::to_value(erased).map(page::object).map_err(Error::internal)
}

/// Nothing is erased while something that is not the patient's refers to it.
pub fn refuse_remaining(erased: &Erasure) -> Result<()> {
    if erased.remaining.is_empty() {
        return Ok(());
    }
    let names = erased.remaining.iter().map(|(kind, id)| format!("{kind}/{id}"));
    Err(Error::Conflict(format!(
        "nothing was erased: these are not the patient's and refer to what would go: {}",
        names.collect::<Vec<_>>().join(", ")
    )))
}

/// What was erased of a Patient of Koppeltaal 2.0.
pub fn resources(erased: &Erasure) -> Object {
    let counts = erased.counts().into_iter().map(|(kind, count)| (kind.to_owned(), json!(count)));
    let resources = erased.resources.iter().map(|(kind, id)| format!("{kind}/{id}"));
    page::object(json!({
        "counts": counts.collect::<Map<_, _>>(),
        "resources": resources.collect::<Vec<_>>(),
        "versions": erased.versions,
    }))
}

/// Removes bodies whose time is over, at once.
pub async fn retention(desk: &Desk, directory: &Directory, dry_run: bool) -> Result<Vec<Object>> {
    let (clock, limits) = (desk.clock.as_ref(), desk.settings.retention);
    let report = run_retention(&desk.store, &desk.ids, clock, directory, limits, dry_run).await?;
    let Some(report) = report else {
        let text = "another process is removing bodies at this moment: try again later";
        return Err(Error::Unavailable(text.to_owned()));
    };
    let lines = report.iter().map(|line| serde_json::to_value(line).map(page::object));
    lines.collect::<Result<_, _>>().map_err(Error::internal)
}

/// Who works on the resources of a domain.
pub fn operator(desk: &Desk, domain: &Arc<Domain>) -> Operator {
    let urls = Urls::of(&desk.settings.public_url, domain);
    Operator {
        store: desk.store.clone(),
        ids: desk.ids.clone(),
        clock: desk.clock.clone(),
        domain: domain.clone(),
        base: urls.fhir_base(),
        bases: urls.fhir_bases(),
        agent: desk.author.agent.clone(),
    }
}
