//! `koppeltaal erase`: removes a patient's bodies, headers, versions and
//! StorageItems from a domain. The audit trail keeps that it happened, and what happened before:
//! each transaction records what it removes itself, so that a run that is killed
//! leaves no gap.

use std::sync::Arc;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::Domain;
use koppeltaal_core::{Clock, Result};
use koppeltaal_fhir::dstu1::reference::identity;
use koppeltaal_store::mailbox::{self, Erasure};
use koppeltaal_store::{DomainTx, Ids, Scope, Store, audit, sso, storage_item};

/// Rows that one transaction looks at, and removes.
const AT_ONCE: i64 = 2000;
const REMOVED_AT_ONCE: usize = 50;
const LAUNCHES_AT_ONCE: i64 = 50;

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
    let run = Run { scope: store.scope(domain), ids, clock, patient, agent, dry_run };
    let mut erased = Erasure::default();
    loop {
        let messages = run.messages().await?;
        let resources = run.resources().await?;
        let launches = run.launches().await?;
        let storage_items = run.storage_items().await?;
        erased.messages += messages.messages;
        erased.items += messages.items;
        erased.resources += resources;
        erased.launches += launches;
        erased.storage_items += storage_items;
        let others = resources + launches + storage_items;
        if dry_run || (messages.messages == 0 && others == 0) {
            return Ok(erased);
        }
    }
}

struct Run<'a> {
    scope: Scope,
    ids: &'a Arc<Ids>,
    clock: &'a dyn Clock,
    patient: &'a str,
    agent: &'a str,
    dry_run: bool,
}

impl Run<'_> {
    async fn messages(&self) -> Result<Erasure> {
        let mut erased = Erasure::default();
        let mut after = Some(0);
        while let Some(from) = after {
            let patient = self.patient.to_owned();
            let (found, next) = self
                .scope
                .read(move |tx| mailbox::find_messages_of(tx, &patient, from, AT_ONCE))
                .await?;
            after = next;
            for chunk in found.chunks(REMOVED_AT_ONCE) {
                let chunk = chunk.to_vec();
                let removed = if self.dry_run {
                    self.scope.read(move |tx| mailbox::count_messages(tx, &chunk)).await?
                } else {
                    let (ids, entry) = (self.ids.clone(), self.entry());
                    self.scope
                        .write(move |tx| {
                            let removed = mailbox::erase_messages(tx, &chunk)?;
                            record(tx, &ids, &entry, removed)
                        })
                        .await?
                };
                erased.messages += removed.messages;
                erased.items += removed.items;
            }
        }
        Ok(erased)
    }

    async fn resources(&self) -> Result<u64> {
        let mut erased = 0;
        let mut after = Some(String::new());
        while let Some(from) = after {
            let patient = self.patient.to_owned();
            let (found, next) = self
                .scope
                .read(move |tx| mailbox::find_resources_of(tx, &patient, &from, AT_ONCE))
                .await?;
            after = next;
            if self.dry_run {
                erased += found.len() as u64;
            } else if !found.is_empty() {
                let (ids, entry) = (self.ids.clone(), self.entry());
                let removed = self
                    .scope
                    .write(move |tx| {
                        let resources = mailbox::erase_resources(tx, &found)?;
                        record(tx, &ids, &entry, Erasure { resources, ..Erasure::default() })
                    })
                    .await?;
                erased += removed.resources;
            }
        }
        Ok(erased)
    }

    async fn launches(&self) -> Result<u64> {
        let patient = self.patient.to_owned();
        if self.dry_run {
            return self.scope.read(move |tx| sso::count_of_patient(tx, &patient)).await;
        }
        let mut erased = 0;
        loop {
            let (ids, entry, patient) = (self.ids.clone(), self.entry(), patient.clone());
            let removed = self
                .scope
                .write(move |tx| {
                    let launches = sso::erase_of_patient(tx, &patient, LAUNCHES_AT_ONCE)?;
                    record(tx, &ids, &entry, Erasure { launches, ..Erasure::default() })
                })
                .await?;
            if removed.launches == 0 {
                return Ok(erased);
            }
            erased += removed.launches;
        }
    }

    async fn storage_items(&self) -> Result<u64> {
        let mut erased = 0;
        loop {
            let patient = self.patient.to_owned();
            if self.dry_run {
                return self
                    .scope
                    .read(move |tx| storage_item::count_of_patient(tx, &patient))
                    .await;
            }
            let (ids, entry) = (self.ids.clone(), self.entry());
            let some = self
                .scope
                .write(move |tx| {
                    let some = storage_item::erase_some(tx, &patient, REMOVED_AT_ONCE as i64)?;
                    if some > 0 {
                        let detail = Some(format!("{some} StorageItems"));
                        audit::append(tx, &ids, &[Entry { detail, ..entry.clone() }])?;
                    }
                    Ok(some)
                })
                .await?;
            erased += some;
            if some < REMOVED_AT_ONCE as u64 {
                return Ok(erased);
            }
        }
    }

    fn entry(&self) -> Entry {
        Entry {
            patient: Some(self.patient.to_owned()),
            ..Entry::new(Action::Erase, self.clock.now(), self.agent)
        }
    }
}

/// Adds to the trail what this transaction removed, if it was anything.
fn record(tx: &mut DomainTx<'_>, ids: &Ids, entry: &Entry, removed: Erasure) -> Result<Erasure> {
    if removed != Erasure::default() {
        let detail = format!(
            "{} messages, {} copies, {} resources, {} launches",
            removed.messages, removed.items, removed.resources, removed.launches
        );
        audit::append(tx, ids, &[Entry { detail: Some(detail), ..entry.clone() }])?;
    }
    Ok(removed)
}
