//! `koppeltaal application list|show`.

use anyhow::Result;
use clap::Subcommand;

use super::directory::{self, found};
use crate::context::Context;
use crate::output;
use crate::provision::{Kind, shown};

/// Applications: software that connects to domains through its instances.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// All applications
    List,
    /// One application
    Show {
        /// Its id
        id: String,
    },
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let directory = directory::read(context).await?;
    match args.action {
        Action::List => {
            let applications = directory.applications().iter();
            let objects = applications
                .map(|a| shown(Kind::Application, a.as_ref()))
                .collect::<Result<Vec<_>, _>>()?;
            output::list(context.json, &objects, &["id", "title", "application_roles", "active"])
        }
        Action::Show { id } => {
            let ids = directory.applications().iter().map(|a| a.id.clone());
            let application = found(directory.application(&id), "application", &id, ids)?;
            output::show(context.json, &shown(Kind::Application, application.as_ref())?)
        }
    }
}
