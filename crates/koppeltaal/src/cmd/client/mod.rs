//! `koppeltaal client …`: a connector on the command line, against any Koppeltaal server.

mod kt1;
mod kt2;

use anyhow::Result;
use clap::Subcommand;

use crate::context::Context;

/// Talks to a Koppeltaal server as an application does.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    generation: Generation,
}

#[derive(Debug, Subcommand)]
enum Generation {
    /// Koppeltaal 1.3
    Kt1(kt1::Args),
    /// Koppeltaal 2.0
    Kt2(kt2::Args),
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    match args.generation {
        Generation::Kt1(args) => kt1::run(context, args).await,
        Generation::Kt2(args) => kt2::run(context, args).await,
    }
}
