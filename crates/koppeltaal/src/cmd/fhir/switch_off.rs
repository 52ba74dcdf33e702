//! `koppeltaal fhir switch-off Subscription/7b… --domain D`.

use anyhow::Result;
use koppeltaal_core::Error;
use koppeltaal_kt2::operate::{self, reference};

use super::{listed, operator};
use crate::context::Context;
use crate::output;

/// Switches a Subscription off. Its owner sees that it is, and can switch it on again.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The Subscription, as in Subscription/7b8e…
    #[arg(value_name = "RESOURCE")]
    resource: String,
    /// The domain
    #[arg(long)]
    domain: String,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let (kind, id) = reference(&args.resource)?;
    if kind != "Subscription" {
        let told = format!("a {kind} cannot be switched off: only a Subscription can");
        return Err(Error::Invalid(told).into());
    }
    let operator = operator(context, "fhir switch-off", &args.domain).await?;
    let Some(off) = operate::switch_off(&operator, &id).await? else {
        let told = format!("domain {} has no Subscription/{id}", args.domain);
        return Err(Error::NotFound(told).into());
    };
    match context.json {
        true => output::json(&listed(&off, false)?),
        false => output::line(format_args!("Subscription/{id} is off in version {}", off.version)),
    }
}
