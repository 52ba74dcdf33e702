//! The command line: which commands there are, and how an error leaves the
//! program: one friendly text on stderr, and an exit code that scripts can use
//! (0 ok, 1 failed, 2 usage or invalid file, 3 not found, 4 refused, 5
//! unavailable).

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use koppeltaal_core::Error;

use crate::cmd;
use crate::context::Context;
use crate::output;

/// Koppeltaal: messages and data between applications in mental health care.
#[derive(Debug, Parser)]
#[command(name = "koppeltaal", version, max_term_width = 100)]
#[command(arg_required_else_help = true, subcommand_required = true)]
struct Cli {
    /// Configuration file (TOML)
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The store: sqlite:PATH or postgres://…
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a server with sample data, for a first look
    Demo(cmd::demo::Args),
    /// Run the server
    Serve(cmd::serve::Args),
    /// Make the directory what a provisioning file says
    Apply(cmd::apply::Args),
    /// Print the directory as a provisioning file
    Export(cmd::export::Args),
    /// Domains
    Domain(cmd::domain::Args),
    /// Applications
    Application(cmd::application::Args),
    /// Roles of a domain
    Role(cmd::role::Args),
    /// Application instances
    Instance(cmd::instance::Args),
    /// Identity providers of a domain
    IdentityProvider(cmd::identity_provider::Args),
    /// Keys that sign the tokens of a domain
    Key(cmd::key::Args),
    /// Messages in the mailboxes
    Messages(cmd::messages::Args),
    /// Notifications of new messages
    Notifications(cmd::notifications::Args),
    /// Mails to administrators
    Mail(cmd::mail::Args),
    /// Remove bodies whose time is over
    Retention(cmd::retention::Args),
    /// Remove a patient from a domain
    Erase(cmd::erase::Args),
    /// The audit trail
    Audit(cmd::audit::Args),
    /// What happened in one chain of requests, in order
    Trace(cmd::trace::Args),
    /// FHIR resources of a domain
    Fhir(cmd::fhir::Args),
    /// Implementation guides of a domain
    Ig(cmd::ig::Args),
    /// Administrators: accounts and tokens
    Admin(cmd::admin::Args),
    /// Bring the store to the schema of this version
    Migrate(cmd::migrate::Args),
    /// Compute anew what resources are found by
    Reindex(cmd::reindex::Args),
    /// Copy the store while it is in use
    Backup(cmd::backup::Args),
    /// Put a backup in the place of the store
    Restore(cmd::restore::Args),
    /// Look at a live installation and say what to fix
    Doctor(cmd::doctor::Args),
    /// A connector on the command line
    Client(cmd::client::Args),
    /// Judge FHIR R4 resources by the Koppeltaal 2.0 profiles
    Validate(cmd::validate::Args),
    /// Measure a server or a store
    Bench(cmd::bench::Args),
    /// The configuration
    Config(cmd::config::Args),
}

impl Command {
    /// Keys of the configuration that flags of the command set.
    fn flags(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Serve(args) => args.flags(),
            Self::Demo(args) => args.flags(),
            _ => Vec::new(),
        }
    }

    async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Apply(args) => cmd::apply::run(context, args).await,
            Self::Export(args) => cmd::export::run(context, args).await,
            Self::Domain(args) => cmd::domain::run(context, args).await,
            Self::Application(args) => cmd::application::run(context, args).await,
            Self::Role(args) => cmd::role::run(context, args).await,
            Self::Instance(args) => cmd::instance::run(context, args).await,
            Self::IdentityProvider(args) => cmd::identity_provider::run(context, args).await,
            Self::Key(args) => cmd::key::run(context, args).await,
            Self::Demo(args) => cmd::demo::run(context, args).await,
            Self::Serve(args) => cmd::serve::run(context, args).await,
            Self::Messages(args) => cmd::messages::run(context, args).await,
            Self::Notifications(args) => cmd::notifications::run(context, args).await,
            Self::Mail(args) => cmd::mail::run(context, args).await,
            Self::Admin(args) => cmd::admin::run(context, args).await,
            Self::Retention(args) => cmd::retention::run(context, args).await,
            Self::Erase(args) => cmd::erase::run(context, args).await,
            Self::Audit(args) => cmd::audit::run(context, args).await,
            Self::Trace(args) => cmd::trace::run(context, args).await,
            Self::Fhir(args) => cmd::fhir::run(context, args).await,
            Self::Ig(args) => cmd::ig::run(context, args).await,
            Self::Reindex(args) => cmd::reindex::run(context, args).await,
            Self::Migrate(args) => cmd::migrate::run(context, args).await,
            Self::Backup(args) => cmd::backup::run(context, args).await,
            Self::Restore(args) => cmd::restore::run(context, args).await,
            Self::Doctor(args) => cmd::doctor::run(context, args).await,
            Self::Client(args) => cmd::client::run(context, args).await,
            Self::Validate(args) => cmd::validate::run(context, &args),
            Self::Bench(args) => cmd::bench::run(context, args).await,
            Self::Config(args) => cmd::config::run(context, args).await,
        }
    }
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // Help and version come this way too, on stdout and with code 0.
            let _unheard = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    match start(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => leave(&error),
    }
}

fn start(cli: Cli) -> Result<()> {
    if let Command::Config(args) = &cli.command
        && args.is_example()
    {
        return cmd::config::example();
    }
    let mut flags = cli.command.flags();
    flags.extend(cli.database.map(|url| ("database", url)));
    let context = Context::new(cli.config, &flags, cli.json)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let outcome = cli.command.run(&context).await;
        context.close().await;
        outcome
    })
}

/// Tells what went wrong and gives the exit code.
fn leave(error: &anyhow::Error) -> ExitCode {
    let closed_pipe = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    if error.downcast_ref::<io::Error>().is_some_and(closed_pipe) {
        return ExitCode::SUCCESS;
    }
    output::remark(format_args!("error: {error:#}"));
    let code = error.downcast_ref::<Error>().map_or(1, Error::exit_code);
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_commands_are_well_formed() {
        Cli::command().debug_assert();
    }
}
