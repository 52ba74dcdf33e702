//! `koppeltaal fhir get|search|history|import|export|switch-off`: the resources of
//! Koppeltaal 2.0 as an operator sees them. Every look is recorded in the audit trail.

mod export;
mod get;
mod history;
mod import;
mod operator;
mod search;
mod switch_off;

pub use operator::{every_operator, operator};

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_fhir::json;
use koppeltaal_kt2::operate::{label, shown};
use koppeltaal_store::resource::Stored;
use serde_json::{Map, Value};

use crate::context::Context;

/// FHIR resources of a domain.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// One resource
    Get(get::Args),
    /// What a search finds
    Search(search::Args),
    /// The versions of a resource, newest first
    History(history::Args),
    /// Store the resources of an NDJSON file
    Import(import::Args),
    /// Every resource as one JSON object a line
    Export(export::Args),
    /// Switch a Subscription off
    SwitchOff(switch_off::Args),
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    match args.action {
        Action::Get(args) => get::run(context, args).await,
        Action::Search(args) => search::run(context, args).await,
        Action::History(args) => history::run(context, args).await,
        Action::Import(args) => import::run(context, args).await,
        Action::Export(args) => export::run(context, args).await,
        Action::SwitchOff(args) => switch_off::run(context, args).await,
    }
}

/// A version in a list; with the whole of it for machines.
fn listed(stored: &Stored, is_whole: bool) -> Result<Map<String, Value>> {
    let resource = shown(stored)?;
    let mut object = Map::new();
    object.insert("type".to_owned(), Value::from(stored.resource_type));
    object.insert("id".to_owned(), Value::from(stored.id.as_str()));
    object.insert("version".to_owned(), Value::from(stored.version));
    object.insert("updated".to_owned(), Value::from(stored.updated.to_instant_millis()));
    object.insert("deleted".to_owned(), Value::from(stored.deleted));
    object.insert("origin".to_owned(), Value::from(format!("Device/{}", stored.origin)));
    object.insert("label".to_owned(), Value::from(label(&resource)));
    if is_whole {
        object.insert("resource".to_owned(), serde_json::from_str(&json::render(&resource))?);
    }
    Ok(object)
}
