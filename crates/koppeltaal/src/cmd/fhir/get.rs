//! `koppeltaal fhir get Patient/7b… --domain D [--version N]`.

use anyhow::Result;
use koppeltaal_core::Error;
use koppeltaal_kt2::operate::{self, pretty, reference, shown};

use super::operator;
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
    /// This version of it
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i64).range(1..))]
    version: Option<i64>,
}

/// Runs the command: the resource as JSON, for people and machines alike.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let (kind, id) = reference(&args.resource)?;
    let operator = operator(context, "fhir get", &args.domain).await?;
    let found = operate::get(&operator, kind, &id, args.version).await?;
    let Some(found) = found else {
        let what = match args.version {
            Some(version) => format!("version {version} of {kind}/{id}"),
            None => format!("{kind}/{id}"),
        };
        return Err(Error::NotFound(format!("domain {} has no {what}", args.domain)).into());
    };
    if found.deleted {
        return Err(Error::Gone(format!(
            "{kind}/{id} was deleted at {}; `koppeltaal fhir history` shows its versions",
            found.updated.to_instant_millis()
        ))
        .into());
    }
    output::line(pretty(&shown(&found)?).trim_end())
}
