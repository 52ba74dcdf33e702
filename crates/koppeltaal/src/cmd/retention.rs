//! `koppeltaal retention run [--dry-run]`: what the server does by itself every
//! hour, at once.

use std::sync::Arc;

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_core::Error;
use koppeltaal_kt1::run_retention;
use koppeltaal_store::Ids;
use serde_json::{Map, Value};

use super::directory::read;
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
    let directory = read(context).await?;
    let store = context.store().await?;
    let ids = Arc::new(Ids::take(store).await?);
    let limits = context.config.kt1.retention;
    let report =
        run_retention(store, &ids, context.clock.as_ref(), &directory, limits, dry_run).await?;
    let Some(report) = report else {
        let text = "another process is removing bodies at this moment: try again later";
        return Err(Error::Unavailable(text.to_owned()).into());
    };
    let objects: Vec<Map<String, Value>> = report
        .iter()
        .filter_map(|line| match serde_json::to_value(line) {
            Ok(Value::Object(object)) => Some(object),
            _ => None,
        })
        .collect();
    output::list(context.json, &objects, &["domain", "event", "retrieved", "too_old"])?;
    match (context.json, objects.is_empty(), dry_run) {
        (true, ..) => {}
        (_, true, _) => output::remark("no body has to go"),
        (_, _, true) => output::remark("dry run: nothing was removed"),
        _ => {}
    }
    Ok(())
}
