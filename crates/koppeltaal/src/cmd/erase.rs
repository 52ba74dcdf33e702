//! `koppeltaal erase PATIENT --domain D [--dry-run]`.

use std::sync::Arc;

use anyhow::Result;
use koppeltaal_core::Error;
use koppeltaal_kt1::erase;
use koppeltaal_store::Ids;

use super::directory::{found, read};
use crate::context::Context;
use crate::output;

/// Removes a patient from a domain: bodies, headers, copies, notifications and
/// versions. The audit trail keeps what was done.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The patient's URL, as messages refer to it
    #[arg(value_name = "PATIENT")]
    patient: String,
    /// The domain
    #[arg(long)]
    domain: String,
    /// Only count what would be removed
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let directory = read(context).await?;
    let names = directory.domains().iter().map(|domain| domain.name.clone());
    let domain = found(directory.domain(&args.domain), "domain", &args.domain, names)?;
    let patient = koppeltaal_fhir::dstu1::reference::identity(&args.patient);
    let store = context.store().await?;
    let ids = Arc::new(Ids::take(store).await?);
    let agent = context.author("erase").agent;
    let clock = context.clock.as_ref();
    let erased = erase(store, &ids, clock, domain, patient, &agent, args.dry_run).await?;
    if erased.messages == 0 && erased.resources == 0 {
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
        "{would} {} messages, {} copies and {} resources about {patient} in {}",
        erased.messages, erased.items, erased.resources, domain.name
    ))
}
