//! `koppeltaal role list|show|explain|template`.

mod explain;
mod template;

use anyhow::Result;
use clap::Subcommand;

use super::directory::{self, check_domain, found};
use crate::context::Context;
use crate::output;
use crate::provision::{Kind, shown};

/// Roles: what the instances of a domain may do (Koppeltaal 2.0).
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// All roles
    List {
        /// Of this domain only
        #[arg(long)]
        domain: Option<String>,
    },
    /// One role
    Show {
        /// Its name
        name: String,
        /// Its domain
        #[arg(long)]
        domain: String,
    },
    /// Say whether an instance may make a request, by which rule, and why
    Explain(explain::Args),
    /// Print the predefined roles as a provisioning file
    Template(template::Args),
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    match args.action {
        Action::Explain(args) => explain::run(context, args).await,
        Action::Template(args) => template::run(context, &args),
        Action::List { domain } => {
            let directory = directory::read(context).await?;
            check_domain(&directory, domain.as_deref())?;
            let wanted = |of: &str| domain.as_deref().is_none_or(|domain| domain == of);
            let roles = directory.roles().iter().filter(|role| wanted(&role.domain));
            let objects = roles.map(|r| shown(Kind::Role, r)).collect::<Result<Vec<_>, _>>()?;
            output::list(context.json, &objects, &["domain", "name", "permissions", "privileges"])
        }
        Action::Show { name, domain } => {
            let directory = directory::read(context).await?;
            check_domain(&directory, Some(&domain))?;
            let of_domain = || directory.roles().iter().filter(|role| role.domain == domain);
            let names = of_domain().map(|role| role.name.clone());
            let role = of_domain().find(|role| role.name == name);
            let role = found(role, "role", &name, names)?;
            output::show(context.json, &shown(Kind::Role, role)?)
        }
    }
}
