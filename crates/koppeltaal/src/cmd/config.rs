//! `koppeltaal config example|check|show`.

use std::path::Path;

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_core::Error;

use crate::config;
use crate::context::Context;
use crate::output;

/// The configuration: file, then environment, then flags, the later wins.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print a complete configuration file with comments
    Example,
    /// Check the configuration
    Check,
    /// Print every value in force and where it comes from, secrets masked
    Show,
}

impl Args {
    /// Whether the example is asked for, which works with a broken configuration.
    pub fn is_example(&self) -> bool {
        matches!(self.action, Action::Example)
    }
}

/// Prints the example.
pub fn example() -> Result<()> {
    output::text(&config::example())
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    match args.action {
        Action::Example => example(),
        Action::Check => check(context),
        Action::Show => show(context),
    }
}

/// The configuration was read to get here; what is left are the files it names.
fn check(context: &Context) -> Result<()> {
    let config = &context.config;
    let tls = config.tls.as_ref();
    let files = [
        ("tls.certificate", tls.map(|tls| tls.certificate.as_path())),
        ("tls.key", tls.map(|tls| tls.key.as_path())),
        ("outbound.ca_file", config.outbound_ca_file.as_deref()),
    ];
    let mut problems = Vec::new();
    for (key, file) in files {
        if let Some(Err(cause)) = file.map(readable) {
            let origin = context.values.get(key).map(|given| given.origin.to_string());
            let place = origin.map(|origin| format!("{origin}: ")).unwrap_or_default();
            problems.push(format!("{place}{key}: {cause}"));
        }
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems.join("\n")).into());
    }
    if context.json {
        return output::json(&serde_json::json!({ "valid": true }));
    }
    output::line("the configuration is valid")
}

fn readable(path: &Path) -> Result<(), String> {
    match std::fs::File::open(path) {
        Ok(_) => Ok(()),
        Err(cause) => Err(format!("{} cannot be read: {cause}", path.display())),
    }
}

fn show(context: &Context) -> Result<()> {
    let shown = config::shown(&context.values, &context.config);
    if context.json {
        return output::json(&shown);
    }
    let mut rows = vec![["KEY", "VALUE", "FROM"].map(str::to_owned).to_vec()];
    for value in shown {
        rows.push(vec![
            value.key.to_owned(),
            value.value.unwrap_or_else(|| "-".to_owned()),
            value.place.unwrap_or_else(|| value.origin.to_owned()),
        ]);
    }
    output::text(&output::table(&rows))
}
