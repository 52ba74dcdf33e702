//! `koppeltaal apply FILE [--dry-run]`.

use std::io::Read;
use std::sync::Arc;

use anyhow::Result;
use koppeltaal_core::Error;
use serde_json::json;

use crate::context::Context;
use crate::output;
use crate::provision;

/// Makes domains, applications, roles, instances and identity providers what
/// FILE says, all of it or nothing. What FILE leaves out stays as it is.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The provisioning file; - reads standard input
    #[arg(value_name = "FILE")]
    file: String,
    /// Only tell what would change
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let text = read(&args.file)?;
    let (seal, rules, now) = (Arc::clone(&context.seal), context.rules(), context.clock.now());
    let applied = if args.dry_run && context.store_is_absent() {
        provision::preview(seal, rules, &args.file, &text, now).await?
    } else {
        let store = context.store_or_new().await?;
        let author = context.author("apply");
        provision::apply(store, seal, rules, &args.file, &text, author, now, args.dry_run).await?
    };
    if context.json {
        return output::json(&json!({ "dry_run": args.dry_run, "changes": applied.lines }));
    }
    for line in &applied.lines {
        output::line(line)?;
        if let Some(password) = &line.generated_password {
            output::line(format_args!("  password (shown this once): {password}"))?;
        }
    }
    match (applied.lines.is_empty(), args.dry_run) {
        (true, _) => output::remark("nothing to change"),
        (false, true) => output::remark("dry run: nothing was changed"),
        (false, false) => {}
    }
    Ok(())
}

fn read(file: &str) -> Result<String> {
    let mut text = String::new();
    let outcome = match file {
        "-" => std::io::stdin().read_to_string(&mut text).map(drop),
        path => std::fs::read_to_string(path).map(|read| text = read),
    };
    outcome.map_err(|cause| Error::Invalid(format!("{file} cannot be read: {cause}")))?;
    Ok(text)
}
