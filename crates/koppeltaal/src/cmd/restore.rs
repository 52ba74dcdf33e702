//! `koppeltaal restore FILE`: a SQLite store from a backup.

use std::path::PathBuf;

use anyhow::Result;
use koppeltaal_core::Error;
use koppeltaal_store::DatabaseUrl;
use koppeltaal_store::store::restore_file;

use crate::context::Context;
use crate::output;

/// Puts a backup in the place of the store. Stop the server first.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup
    file: PathBuf,
    /// Replace a store that is there
    #[arg(long)]
    replace: bool,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let DatabaseUrl::Sqlite(target) = context.config.database.clone() else {
        return Err(Error::Unprocessable(
            "a store on PostgreSQL is restored with its own tools: see docs/operations.md".into(),
        )
        .into());
    };
    let shown = target.display().to_string();
    tokio::task::spawn_blocking(move || restore_file(&args.file, &target, args.replace)).await??;
    if context.json {
        return output::json(&serde_json::json!({ "restored": shown }));
    }
    output::line(format_args!("{shown} restored"))
}
