//! `koppeltaal admin user …` and `koppeltaal admin token …`: who administers the
//! server over HTTP.

mod token;
mod user;

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_core::administrator::{Rights, Role};

use super::directory::{check_application, check_domain, read};
use crate::context::Context;

/// Administrators: accounts of people and tokens of programs.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Accounts of people
    User(user::Args),
    /// Tokens of programs
    Token(token::Args),
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    match args.action {
        Action::User(args) => user::run(context, args).await,
        Action::Token(args) => token::run(context, args).await,
    }
}

/// What somebody may administer.
#[derive(Debug, clap::Args)]
struct RightsArgs {
    /// Of the whole server, of domains, or of applications
    #[arg(long, value_enum)]
    role: RoleArg,
    /// A domain (with --role domain); may be given several times
    #[arg(long)]
    domain: Vec<String>,
    /// An application (with --role application); may be given several times
    #[arg(long, value_name = "ID")]
    application: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RoleArg {
    /// The whole server
    System,
    /// Domains
    Domain,
    /// Applications in all domains
    Application,
}

impl RightsArgs {
    /// The rights, over domains and applications that exist.
    async fn rights(self, context: &Context) -> Result<Rights> {
        let directory = read(context).await?;
        for name in &self.domain {
            check_domain(&directory, Some(name))?;
        }
        for id in &self.application {
            check_application(&directory, id)?;
        }
        let refuse = |what: &str| {
            Err(koppeltaal_core::Error::Invalid(format!("{what} does not go with this role")))
        };
        let rights = match self.role {
            RoleArg::Domain if !self.application.is_empty() => refuse("--application"),
            RoleArg::Application if !self.domain.is_empty() => refuse("--domain"),
            RoleArg::System => {
                Rights::new(Role::System, self.domain.into_iter().chain(self.application))
            }
            RoleArg::Domain => Rights::new(Role::Domain, self.domain),
            RoleArg::Application => Rights::new(Role::Application, self.application),
        };
        Ok(rights?)
    }
}
