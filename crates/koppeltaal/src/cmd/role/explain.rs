//! `koppeltaal role explain`: the decision that the FHIR service takes, in words.

use std::sync::Arc;

use anyhow::Result;
use koppeltaal_admin::role::explain;
use koppeltaal_core::directory::{ConnectedInstance, Directory};

use super::super::directory::{self, found};
use crate::context::Context;
use crate::output;

/// Says whether an instance may make a request, by which rule, and why; and
/// whether the server has the interaction.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The instance: its user name or client_id
    #[arg(long)]
    instance: String,
    /// The request, such as "GET Task/<id>", "GET Task" or "POST Task"
    #[arg(long, value_name = "METHOD PATH")]
    request: String,
    /// As if the resource came from this instance; nothing is looked up
    #[arg(long, value_name = "CLIENT_ID")]
    origin: Option<String>,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let directory = directory::read(context).await?;
    let instance = one(&directory, &args.instance)?;
    let (store, origin) = (context.store().await?, args.origin.as_deref());
    let explained = explain(store, &directory, instance, &args.request, origin).await?;
    if context.json {
        return output::json(&explained.json());
    }
    output::text(&output::table(&explained.rows()))
}

fn one<'a>(directory: &'a Directory, name: &str) -> Result<&'a Arc<ConnectedInstance>> {
    let all = directory.instances();
    let by_client_id = || all.iter().find(|instance| instance.instance.client_id == name);
    let instance = directory.instance_by_username(name).or_else(by_client_id);
    found(instance, "instance", name, all.iter().map(|instance| instance.name().to_owned()))
}
