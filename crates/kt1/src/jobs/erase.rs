//! `koppeltaal erase`: removes a patient's bodies, headers and versions from a
//! domain. The audit trail keeps that it happened, and what happened before.

use std::sync::Arc;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::Domain;
use koppeltaal_core::{Clock, Result};
use koppeltaal_fhir::dstu1::reference::identity;
use koppeltaal_store::mailbox::{self, Erasure};
use koppeltaal_store::{Ids, Store, audit};

/// Rows that one transaction looks at, and removes.
const AT_ONCE: i64 = 2000;
const REMOVED_AT_ONCE: usize = 50;

/// Erases the patient with this URL from `domain`; with `dry_run` only counts.
/// Runs until a whole pass finds nothing more.
pub async fn erase(
    store: &Store,
    ids: &Arc<Ids>,
    clock: &dyn Clock,
    domain: &Domain,
    patient: &str,
    agent: &str,
    dry_run: bool,
) -> Result<Erasure> {
    let patient = identity(patient);
    let mut erased = Erasure::default();
    loop {
        let pass = messages(store, domain, patient, dry_run).await?;
        let resources = resources(store, domain, patient, dry_run).await?;
        erased.messages += pass.messages;
        erased.items += pass.items;
        erased.resources += resources;
        if dry_run || (pass.messages == 0 && resources == 0) {
            break;
        }
    }
    if !dry_run {
        let entry = Entry {
            patient: Some(patient.to_owned()),
            detail: Some(format!(
                "{} messages, {} copies, {} resources",
                erased.messages, erased.items, erased.resources
            )),
            ..Entry::new(Action::Erase, clock.now(), agent)
        };
        let ids = ids.clone();
        store
            .scope(domain)
            .write(move |tx| audit::append(tx, &ids, std::slice::from_ref(&entry)))
            .await?;
    }
    Ok(erased)
}

async fn messages(store: &Store, domain: &Domain, patient: &str, dry_run: bool) -> Result<Erasure> {
    let scope = store.scope(domain);
    let mut erased = Erasure::default();
    let mut after = Some(0);
    while let Some(from) = after {
        let patient = patient.to_owned();
        let (found, next) =
            scope.read(move |tx| mailbox::find_messages_of(tx, &patient, from, AT_ONCE)).await?;
        after = next;
        for chunk in found.chunks(REMOVED_AT_ONCE) {
            let chunk = chunk.to_vec();
            let removed = if dry_run {
                scope.read(move |tx| mailbox::count_messages(tx, &chunk)).await?
            } else {
                scope.write(move |tx| mailbox::erase_messages(tx, &chunk)).await?
            };
            erased.messages += removed.messages;
            erased.items += removed.items;
        }
    }
    Ok(erased)
}

async fn resources(store: &Store, domain: &Domain, patient: &str, dry_run: bool) -> Result<u64> {
    let scope = store.scope(domain);
    let mut erased = 0;
    let mut after = Some(String::new());
    while let Some(from) = after {
        let patient = patient.to_owned();
        let (found, next) =
            scope.read(move |tx| mailbox::find_resources_of(tx, &patient, &from, AT_ONCE)).await?;
        after = next;
        if dry_run {
            erased += found.len() as u64;
        } else if !found.is_empty() {
            erased += scope.write(move |tx| mailbox::erase_resources(tx, &found)).await?;
        }
    }
    Ok(erased)
}
