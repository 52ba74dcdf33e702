//! `koppeltaal migrate`.

use anyhow::Result;
use koppeltaal_store::migrate;
use serde_json::{Map, Value};

use crate::context::Context;
use crate::output;

/// Brings the store to the schema of this version, making it when there is
/// none. `serve` does the same by itself.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub async fn run(context: &Context, _args: Args) -> Result<()> {
    let store = context.open_store().await?;
    let outcome = migrate::run(&store).await;
    store.close().await;
    let applied = outcome?;
    if context.json {
        let objects: Vec<Map<String, Value>> = applied
            .iter()
            .map(|step| {
                Map::from_iter([
                    ("number".to_owned(), Value::from(step.number)),
                    ("name".to_owned(), Value::from(step.name.as_str())),
                    ("applied_at".to_owned(), Value::from(step.applied_at.to_string())),
                ])
            })
            .collect();
        return output::json(&objects);
    }
    for step in &applied {
        output::line(format_args!("applied migration {} ({})", step.number, step.name))?;
    }
    if applied.is_empty() {
        output::remark(format_args!("{} is up to date", context.config.database));
    }
    Ok(())
}
