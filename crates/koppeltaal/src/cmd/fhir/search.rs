//! `koppeltaal fhir search 'Task?status=ready' --domain D [--count N]`.

use anyhow::Result;
use koppeltaal_kt2::operate;

use super::{listed, operator};
use crate::context::Context;
use crate::output;

/// What is searched for.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Type and parameters, as after the FHIR base in a URL: 'Task?status=ready&_sort=-modified'
    #[arg(value_name = "SEARCH")]
    search: String,
    /// The domain
    #[arg(long)]
    domain: String,
    /// How many results at most
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    count: u32,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let operator = operator(context, "fhir search", &args.domain).await?;
    let count = usize::try_from(args.count)?;
    let hits = operate::search(&operator, &args.search, count).await?;
    let objects = hits.found.iter().map(|stored| listed(stored, context.json));
    let objects = objects.collect::<Result<Vec<_>>>()?;
    output::list(context.json, &objects, &["type", "id", "version", "updated", "label"])?;
    if !context.json {
        output::remark(format_args!("{} of {}", objects.len(), hits.total));
    }
    Ok(())
}
