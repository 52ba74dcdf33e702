//! `koppeltaal export [--without-secrets] [--reveal-secrets]`.

use anyhow::Result;

use super::directory;
use crate::context::Context;
use crate::output;
use crate::provision::{self, Secrets};

/// Prints the directory in the format of `apply`. Applied to an empty store it
/// makes the same directory.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Leave out the hashes of passwords too
    #[arg(long, conflicts_with = "reveal_secrets")]
    without_secrets: bool,
    /// Print sealed secrets in clear
    #[arg(long)]
    reveal_secrets: bool,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let directory = directory::read(context).await?;
    let secrets = match (args.without_secrets, args.reveal_secrets) {
        (true, _) => Secrets::Without,
        (false, true) => Secrets::Revealed,
        (false, false) => Secrets::Hashes,
    };
    let text = provision::export(&directory, &context.seal, secrets, context.clock.now())?;
    if context.json {
        let tables: toml::Table = toml::from_str(&text)?;
        return output::json(&tables);
    }
    output::text(&text)
}
