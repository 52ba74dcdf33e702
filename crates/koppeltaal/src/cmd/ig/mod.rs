//! `koppeltaal ig install`: implementation guides of a domain.

mod archive;
mod install;

use anyhow::Result;
use clap::Subcommand;

use crate::context::Context;

/// Implementation guides.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Put the definitions of a FHIR package in the place of the built-in ones
    Install(install::Args),
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    match args.action {
        Action::Install(args) => install::run(context, args).await,
    }
}
