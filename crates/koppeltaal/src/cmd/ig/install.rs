//! `koppeltaal ig install --domain D PACKAGE.tgz`.

use std::path::PathBuf;

use anyhow::Result;
use koppeltaal_kt2::operate::{self, Installed, Progress};
use serde_json::json;

use super::archive::files;
use crate::cmd::fhir;
use crate::context::Context;
use crate::output;

/// Puts the definitions of a FHIR package in the place of the built-in ones of
/// Koppeltaal, in one domain. A newer version of the package takes the place of the
/// older one. Servers follow within a second.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The package, a gzipped tar archive
    #[arg(value_name = "PACKAGE.tgz")]
    package: PathBuf,
    /// The domain
    #[arg(long)]
    domain: String,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let files = files(&args.package)?;
    let operator = fhir::operator(context, "ig install", &args.domain).await?;
    let mut progress = |progress: Progress| {
        output::remark(format_args!("indexed {} of {}", progress.done, progress.total));
    };
    let installed = operate::install(&operator, &files, &mut progress).await?;
    print(context, &args.domain, &installed)
}

fn print(context: &Context, domain: &str, installed: &Installed) -> Result<()> {
    if context.json {
        let taken = installed.taken.iter().map(|(kind, count)| ((*kind).to_owned(), json!(count)));
        return output::json(&json!({
            "name": installed.name,
            "version": installed.version,
            "domain": domain,
            "taken": taken.collect::<serde_json::Map<_, _>>(),
            "changed": installed.changed,
            "removed": installed.removed,
            "skipped": installed.skipped,
            "absent": installed.absent,
            "reindexed": installed.reindexed.done,
        }));
    }
    for skipped in &installed.skipped {
        output::remark(format_args!("skipped {skipped}"));
    }
    for package in &installed.absent {
        output::remark(format_args!(
            "it is built on {package}, which is not installed in {domain}"
        ));
    }
    for (kind, count) in &installed.taken {
        output::line(format_args!("{count} {kind}"))?;
    }
    for removed in &installed.removed {
        output::line(format_args!("removed {removed}"))?;
    }
    let Installed { name, version, changed, reindexed, .. } = installed;
    output::line(format_args!(
        "{name} {version} is in force in {domain}: {changed} definitions changed, {} resources \
         indexed anew",
        reindexed.done
    ))
}
