//! `koppeltaal identity-provider list|show`.

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_auth::Urls;
use koppeltaal_core::directory::{Directory, IdentityProvider};
use serde_json::{Map, Value};

use super::directory::{self, check_domain, found};
use crate::context::Context;
use crate::output;
use crate::provision::{Kind, shown};

/// Identity providers: who signs the users of a domain in (Koppeltaal 2.0).
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// All identity providers
    List {
        /// Of this domain only
        #[arg(long)]
        domain: Option<String>,
    },
    /// One identity provider
    Show {
        /// Its name
        name: String,
        /// Its domain
        #[arg(long)]
        domain: String,
    },
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let directory = directory::read(context).await?;
    let all = directory.identity_providers();
    match args.action {
        Action::List { domain } => {
            check_domain(&directory, domain.as_deref())?;
            let wanted = |of: &str| domain.as_deref().is_none_or(|domain| domain == of);
            let objects = all
                .iter()
                .filter(|provider| wanted(&provider.domain))
                .map(|provider| object(context, &directory, provider))
                .collect::<Result<Vec<_>>>()?;
            let columns = ["domain", "name", "title", "discovery_url", "default", "required"];
            output::list(context.json, &objects, &columns)
        }
        Action::Show { name, domain } => {
            check_domain(&directory, Some(&domain))?;
            let of_domain = || all.iter().filter(|provider| provider.domain == domain);
            let names = of_domain().map(|provider| provider.name.clone());
            let provider = of_domain().find(|provider| provider.name == name);
            let provider = found(provider, "identity provider", &name, names)?;
            output::show(context.json, &object(context, &directory, provider)?)
        }
    }
}

/// The keys of the provisioning file, and the URL to register at the provider.
fn object(
    context: &Context,
    directory: &Directory,
    provider: &IdentityProvider,
) -> Result<Map<String, Value>> {
    let public_url = context.config.public_url(context.config.listen);
    let domain = directory.domain(&provider.domain);
    let callback = domain.map(|domain| Urls::of(&public_url, domain).callback());
    let mut object = shown(Kind::IdentityProvider, provider)?;
    object.insert("callback_url".to_owned(), Value::from(callback));
    Ok(object)
}
