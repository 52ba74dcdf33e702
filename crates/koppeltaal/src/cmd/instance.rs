//! `koppeltaal instance list|show|approve|reject`.

use std::sync::Arc;

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_core::Error;
use koppeltaal_core::directory::{ConnectedInstance, Directory, Instance, InstanceStatus};
use koppeltaal_store::Ids;
use koppeltaal_store::directory::{Change, Item, change};

use super::directory::{self, check_domain, found};
use crate::context::Context;
use crate::output;
use crate::provision::{Kind, shown};

/// Application instances: applications in domains, with their credentials.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// All instances
    List {
        /// Of this domain only
        #[arg(long)]
        domain: Option<String>,
    },
    /// One instance
    Show {
        /// Its user name or client_id
        instance: String,
    },
    /// Admit an instance to its domain
    Approve {
        /// Its user name or client_id
        instance: String,
    },
    /// Keep an instance out of its domain
    Reject {
        /// Its user name or client_id
        instance: String,
    },
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    match args.action {
        Action::List { domain } => list(context, domain.as_deref()).await,
        Action::Show { instance } => {
            let directory = directory::read(context).await?;
            let instance = one(&directory, &instance)?;
            output::show(context.json, &shown(Kind::Instance, &instance.instance)?)
        }
        Action::Approve { instance } => {
            decide(context, &instance, InstanceStatus::Approved, "approve").await
        }
        Action::Reject { instance } => {
            decide(context, &instance, InstanceStatus::Rejected, "reject").await
        }
    }
}

async fn list(context: &Context, domain: Option<&str>) -> Result<()> {
    let directory = directory::read(context).await?;
    check_domain(&directory, domain)?;
    let objects = directory
        .instances()
        .iter()
        .filter(|instance| domain.is_none_or(|domain| domain == instance.domain.name))
        .map(|instance| shown(Kind::Instance, &instance.instance))
        .collect::<Result<Vec<_>, _>>()?;
    let columns = ["domain", "application", "username", "client_id", "api_version", "status"];
    output::list(context.json, &objects, &columns)
}

fn one<'a>(directory: &'a Directory, name: &str) -> Result<&'a Arc<ConnectedInstance>> {
    let all = directory.instances();
    let by_client_id = || all.iter().find(|instance| instance.instance.client_id == name);
    let instance = directory.instance_by_username(name).or_else(by_client_id);
    let names = all.iter().map(|instance| {
        let instance = &instance.instance;
        instance.username.clone().unwrap_or_else(|| instance.client_id.clone())
    });
    found(instance, "instance", name, names)
}

async fn decide(
    context: &Context,
    name: &str,
    status: InstanceStatus,
    verb: &'static str,
) -> Result<()> {
    // Another change may come in between: then the present state is read anew.
    for _ in 0..10 {
        let directory = directory::read(context).await?;
        let connected = one(&directory, name)?;
        let instance = Instance { status, ..connected.instance.clone() };
        let object = shown(Kind::Instance, &instance)?;
        let summary = format!("changed instance {name} in {}: status", connected.domain.name);
        let unchanged = instance == connected.instance;
        let store = context.store().await?;
        if !unchanged {
            let ids = Ids::take(store).await?;
            let author = context.author(&format!("instance {verb}"));
            let changes = [Change { item: Item::Instance(instance), summary: summary.clone() }];
            let based_on = directory.version;
            let written =
                store.write(move |tx| change(tx, &ids, based_on, &changes, &author)).await?;
            if written.is_none() {
                continue;
            }
        }
        return match (context.json, unchanged) {
            (true, _) => output::json(&object),
            (false, false) => output::line(summary),
            (false, true) => {
                output::remark("nothing to change");
                Ok(())
            }
        };
    }
    let text = "the directory is being changed by others all the time: try again";
    Err(Error::Unavailable(text.to_owned()).into())
}
