//! `koppeltaal retention run [--dry-run]`: what the server does by itself every
//! hour, at once.

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_admin::operate::erase;

use crate::context::Context;
use crate::output;

/// Removal of bodies whose time is over.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Remove bodies that every recipient has had, and those that are too old
    Run {
        /// Only tell what would be removed
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let Action::Run { dry_run } = args.action;
    let desk = context.desk("retention run").await?;
    let directory = desk.directory().await?;
    let objects = erase::retention(&desk, &directory, dry_run).await?;
    output::list(context.json, &objects, &["domain", "event", "retrieved", "too_old"])?;
    match (context.json, objects.is_empty(), dry_run) {
        (true, ..) => {}
        (_, true, _) => output::remark("no body has to go"),
        (_, _, true) => output::remark("dry run: nothing was removed"),
        _ => {}
    }
    Ok(())
}
