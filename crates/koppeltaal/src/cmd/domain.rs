//! `koppeltaal domain list|show`.

use anyhow::Result;
use clap::Subcommand;

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
            let objects =
                domains.map(|d| shown(Kind::Domain, d.as_ref())).collect::<Result<Vec<_>, _>>()?;
            output::list(context.json, &objects, &["name", "title", "phase", "active"])
        }
        Action::Show { name } => {
            let names = directory.domains().iter().map(|domain| domain.name.clone());
            let domain = found(directory.domain(&name), "domain", &name, names)?;
            output::show(context.json, &shown(Kind::Domain, domain.as_ref())?)
        }
    }
}
