//! `koppeltaal domain list|show`.

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_auth::Urls;
use koppeltaal_core::directory::Domain;
use serde_json::{Map, Value};

use super::directory::{self, found};
use crate::context::Context;
use crate::output;
use crate::provision::{Kind, shown};

/// Domains: the organisations whose data never meets.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// All domains
    List,
    /// One domain
    Show {
        /// Its name
        name: String,
    },
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let directory = directory::read(context).await?;
    match args.action {
        Action::List => {
            let domains = directory.domains().iter();
            let objects = domains.map(|d| object(context, d)).collect::<Result<Vec<_>>>()?;
            output::list(context.json, &objects, &["name", "title", "phase", "active"])
        }
        Action::Show { name } => {
            let names = directory.domains().iter().map(|domain| domain.name.clone());
            let domain = found(directory.domain(&name), "domain", &name, names)?;
            output::show(context.json, &object(context, domain)?)
        }
    }
}

/// The keys of the provisioning file, the URLs of the domain in Koppeltaal 2.0,
/// and the id of this server's own Device in it.
fn object(context: &Context, domain: &Domain) -> Result<Map<String, Value>> {
    let public_url = context.config.public_url(context.config.listen);
    let urls = Urls::of(&public_url, domain);
    let alias = domain.fhir_alias.as_ref().map(|alias| format!("{public_url}{alias}"));
    let device = Some(domain.server_device.as_str()).filter(|device| !device.is_empty());
    let mut object = shown(Kind::Domain, domain)?;
    object.extend(
        [
            ("issuer", Value::from(urls.issuer())),
            ("fhir_base", Value::from(urls.fhir_base())),
            ("fhir_alias_base", Value::from(alias)),
            ("server_device", Value::from(device)),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    Ok(object)
}
