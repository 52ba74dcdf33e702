//! `koppeltaal fhir history Patient/7b… --domain D [--limit N]`.

use anyhow::Result;
use koppeltaal_core::Error;
use koppeltaal_kt2::operate::{self, reference};

use super::{listed, operator};
use crate::context::Context;
use crate::output;

/// Which resource.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Type and id, as in Patient/7b8e…
    #[arg(value_name = "RESOURCE")]
    resource: String,
    /// The domain
    #[arg(long)]
    domain: String,
    /// How many versions at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    limit: i64,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let (kind, id) = reference(&args.resource)?;
    let operator = operator(context, "fhir history", &args.domain).await?;
    let versions = operate::history(&operator, kind, &id, args.limit).await?;
    if versions.is_empty() {
        let text = format!("domain {} has no {kind}/{id}", args.domain);
        return Err(Error::NotFound(text).into());
    }
    let objects = versions.iter().map(|version| listed(version, context.json));
    let objects = objects.collect::<Result<Vec<_>>>()?;
    output::list(context.json, &objects, &["type", "id", "version", "updated", "deleted", "label"])
}
