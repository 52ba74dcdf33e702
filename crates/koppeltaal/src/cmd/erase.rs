//! `koppeltaal erase PATIENT --domain D [--dry-run]`: the patient of messages by
//! its URL, the one of resources as `Patient/<id>`.

use std::sync::Arc;

use anyhow::Result;
use koppeltaal_admin::operate::erase::{refuse_remaining, resources};
use koppeltaal_core::Error;
use koppeltaal_kt1::erase;
use koppeltaal_kt2::operate::{self, reference};
use koppeltaal_store::{Ids, mailbox};

use super::directory::{found, read};
use super::fhir;
use crate::context::Context;
use crate::output;

/// Removes a patient from a domain for good: bodies, headers, copies, notifications
/// and versions of messages and StorageItems, or the Patient with everything about it. The audit
/// trail keeps what was done.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The patient's URL, as messages refer to it, or `Patient/ID` of Koppeltaal 2.0
    #[arg(value_name = "PATIENT")]
    patient: String,
    /// The domain
    #[arg(long)]
    domain: String,
    /// Only tell what would be removed
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    match args.patient.starts_with("Patient/") {
        true => resource(context, args).await,
        false => messages(context, args).await,
    }
}

/// Erases a Patient of Koppeltaal 2.0.
async fn resource(context: &Context, args: Args) -> Result<()> {
    let (_, id) = reference(&args.patient)?;
    let operator = fhir::operator(context, "erase", &args.domain).await?;
    let erased = operate::erase(&operator, &id, args.dry_run).await?;
    let Some(erased) = erased else {
        let text = format!("domain {} holds nothing about {}", args.domain, args.patient);
        return Err(Error::NotFound(text).into());
    };
    refuse_remaining(&erased)?;
    if context.json {
        return output::json(&resources(&erased));
    }
    if args.dry_run {
        for (kind, id) in &erased.resources {
            output::line(format_args!("{kind}/{id}"))?;
        }
    }
    let would = if args.dry_run { "would erase" } else { "erased" };
    let counts = erased.counts().into_iter().map(|(kind, count)| format!("{count} {kind}"));
    let counts = counts.collect::<Vec<_>>().join(", ");
    let versions = match erased.versions {
        0 => String::new(),
        versions => format!(", and {versions} earlier versions of others"),
    };
    output::line(format_args!("{would} {counts}{versions} in {}", args.domain))
}

/// Erases the patient of messages.
async fn messages(context: &Context, args: Args) -> Result<()> {
    let directory = read(context).await?;
    let names = directory.domains().iter().map(|domain| domain.name.clone());
    let domain = found(directory.domain(&args.domain), "domain", &args.domain, names)?;
    let patient = koppeltaal_fhir::dstu1::reference::identity(&args.patient);
    let store = context.store().await?;
    let ids = Arc::new(Ids::take(store).await?);
    let agent = context.author("erase").agent;
    let clock = context.clock.as_ref();
    let erased = erase(store, &ids, clock, domain, patient, &agent, args.dry_run).await?;
    if let Some(url) = koppeltaal_kt1::storage_provider(domain) {
        output::remark(format_args!(
            "StorageItems of {} are at {url}: what is about {patient} has to be erased there",
            domain.name
        ));
    }
    if erased == mailbox::Erasure::default() {
        return Err(Error::NotFound(format!(
            "domain {} holds nothing about {patient}",
            domain.name
        ))
        .into());
    }
    if context.json {
        return output::json(&erased);
    }
    let would = if args.dry_run { "would erase" } else { "erased" };
    output::line(format_args!(
        "{would} {} messages, {} copies, {} resources, {} launches and {} StorageItems about {patient} in {}",
        erased.messages,
        erased.items,
        erased.resources,
        erased.launches,
        erased.storage_items,
        domain.name
    ))
}
