//! `koppeltaal backup FILE`: a copy of a SQLite store while it serves.

use std::path::PathBuf;

use anyhow::Result;
use koppeltaal_core::Error;

use crate::context::Context;
use crate::output;

/// Copies the store to FILE, also while a server is using it. A store on
/// PostgreSQL is backed up with its own tools: see docs/operations.md.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The copy to make; it must not exist yet
    file: PathBuf,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    if args.file.exists() {
        return Err(Error::Conflict(format!(
            "{} exists: choose another name or remove it",
            args.file.display()
        ))
        .into());
    }
    let store = context.store().await?;
    let mut told = 0;
    let quiet = context.json;
    store
        .backup_to(&args.file, move |progress| {
            let percent = progress.done * 100 / progress.total.max(1);
            if !quiet && percent >= told + 10 {
                told = percent - percent % 10;
                output::remark(format_args!("{told} %"));
            }
        })
        .await?;
    let bytes = std::fs::metadata(&args.file)?.len();
    if context.json {
        return output::json(&serde_json::json!({ "file": args.file, "bytes": bytes }));
    }
    output::line(format_args!("{} written, {bytes} bytes", args.file.display()))
}
