//! `koppeltaal instance list|show|approve|reject|check-keys`.

mod check_keys;
mod decide;

use std::sync::Arc;

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_core::directory::{ConnectedInstance, Directory, Instance, InstanceStatus};
use serde_json::{Map, Value};

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
        .collect::<Result<Vec<_>>>()?;
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

/// The keys of the provisioning file, the id of the instance's Device, and
/// where its public keys come from.
fn object(instance: &Instance) -> Result<Map<String, Value>> {
    let mut object = shown(Kind::Instance, instance)?;
    object.insert("device".to_owned(), Value::from(instance.client_id.as_str()));
    object.insert("key_source".to_owned(), Value::from(key_source(instance)));
    Ok(object)
}

/// The key of the provisioning file that gives the public keys.
pub(super) fn key_source(instance: &Instance) -> Option<&'static str> {
    // In the order in which they are looked at for a token.
    [
        ("jwks_url", &instance.jwks_url),
        ("jwks", &instance.jwks),
        ("public_key_pem", &instance.public_key_pem),
    ]
    .into_iter()
    .find_map(|(key, value)| value.as_ref().map(|_| key))
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
