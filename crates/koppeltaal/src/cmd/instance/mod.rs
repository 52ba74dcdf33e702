//! `koppeltaal instance list|show|approve|reject|check-keys`.

mod check_keys;
mod decide;

use std::sync::Arc;

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_admin::operate::instance::object;
use koppeltaal_core::directory::{ConnectedInstance, Directory, InstanceStatus};

use super::directory::{self, check_domain, known};
use crate::context::Context;
use crate::output;

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
    /// Keep an instance out of its domain: its tokens stop working
    Reject {
        /// Its user name or client_id
        instance: String,
    },
    /// Fetch the public keys of an instance and say what is wrong with each
    CheckKeys {
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
            output::show(context.json, &object(&instance.instance)?)
        }
        Action::Approve { instance } => {
            decide::run(context, &instance, InstanceStatus::Approved).await
        }
        Action::Reject { instance } => {
            decide::run(context, &instance, InstanceStatus::Rejected).await
        }
        Action::CheckKeys { instance } => check_keys::run(context, &instance).await,
    }
}

async fn list(context: &Context, domain: Option<&str>) -> Result<()> {
    let directory = directory::read(context).await?;
    check_domain(&directory, domain)?;
    let objects = directory
        .instances()
        .iter()
        .filter(|instance| domain.is_none_or(|domain| domain == instance.domain.name))
        .map(|instance| object(&instance.instance))
        .collect::<Result<Vec<_>, _>>()?;
    let columns = [
        "domain",
        "application",
        "username",
        "device",
        "api_version",
        "role",
        "key_source",
        "status",
    ];
    output::list(context.json, &objects, &columns)
}

fn one<'a>(directory: &'a Directory, name: &str) -> Result<&'a Arc<ConnectedInstance>> {
    Ok(found_instance(directory, name)?)
}

/// As [`one`], for whoever goes on with the error of the core.
fn found_instance<'a>(
    directory: &'a Directory,
    name: &str,
) -> koppeltaal_core::Result<&'a Arc<ConnectedInstance>> {
    let all = directory.instances();
    let by_client_id = || all.iter().find(|instance| instance.instance.client_id == name);
    let instance = directory.instance_by_username(name).or_else(by_client_id);
    let names = all.iter().map(|instance| instance.name().to_owned());
    known(instance, "instance", name, names)
}
