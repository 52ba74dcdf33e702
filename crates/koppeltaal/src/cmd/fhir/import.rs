//! `koppeltaal fhir import FILE --domain D [--dry-run] [--keep-going]
//! [--no-notifications]`.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

use anyhow::Result;
use koppeltaal_core::Error;
use koppeltaal_kt2::operate::{self, Imported, Importing, Problem, Progress};
use serde_json::{Value, json};

use super::export::Told;
use super::operator;
use crate::context::Context;
use crate::output;

/// Stores the resources of an NDJSON file, with their ids and origins, judged as if
/// an application sent them. Importing a file again changes nothing.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// One resource a line, as `koppeltaal fhir export` prints them; - reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The domain
    #[arg(long)]
    domain: String,
    /// Only tell what would be done
    #[arg(long)]
    dry_run: bool,
    /// Store the lines that are good even when others are not
    #[arg(long)]
    keep_going: bool,
    /// Tell no subscriber of what is stored
    #[arg(long)]
    no_notifications: bool,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let operator = operator(context, "fhir import", &args.domain).await?;
    // The file is read twice, so what comes from elsewhere is kept meanwhile.
    let from_input = match args.file.as_os_str() == "-" {
        true => {
            let mut kept = tempfile::NamedTempFile::new()?;
            io::copy(&mut io::stdin().lock(), &mut kept)?;
            Some(kept)
        }
        false => None,
    };
    let path = from_input.as_ref().map_or(args.file.as_path(), |kept| kept.path());
    if !path.exists() {
        return Err(Error::NotFound(format!("there is no file {}", path.display())).into());
    }
    let open =
        || -> io::Result<Box<dyn BufRead>> { Ok(Box::new(BufReader::new(File::open(path)?))) };
    let importing = Importing {
        dry_run: args.dry_run,
        keep_going: args.keep_going,
        no_notifications: args.no_notifications,
    };
    let mut told = Told::default();
    let mut progress = |progress: Progress| match progress.total {
        0 => told.tell("checked", progress),
        _ => told.tell("done", progress),
    };
    let imported = operate::import(&operator, &open, importing, &mut progress).await?;
    print(context, &imported)?;
    if imported.refused > 0 {
        let text = match imported.is_stored {
            true => format!("{} lines were left out", imported.refused),
            false => format!("{} lines cannot be stored, so nothing was", imported.refused),
        };
        return Err(Error::Unprocessable(text).into());
    }
    Ok(())
}

fn print(context: &Context, imported: &Imported) -> Result<()> {
    if context.json {
        return output::json(&json!({
            "stored": imported.is_stored,
            "created": imported.created,
            "changed": imported.changed,
            "unchanged": imported.unchanged,
            "kept": imported.kept,
            "refused": imported.refused,
            "search_parameters": imported.ready,
            "problems": imported.problems.iter().map(problem).collect::<Vec<_>>(),
        }));
    }
    for one in &imported.problems {
        let Problem { line, resource, expression, told } = one;
        let place = [resource, expression].into_iter().flatten().cloned().collect::<Vec<_>>();
        let place = if place.is_empty() { String::new() } else { format!(" {}:", place.join(" ")) };
        output::remark(format_args!("line {line}:{place} {told}"));
    }
    let would = if imported.is_stored { "" } else { "would have " };
    output::line(format_args!(
        "{would}created {}, changed {}, unchanged {}, refused {}",
        imported.created, imported.changed, imported.unchanged, imported.refused
    ))?;
    if imported.kept > 0 {
        output::line(format_args!(
            "{} Devices follow the directory and stay as they are",
            imported.kept
        ))?;
    }
    for url in &imported.ready {
        output::line(format_args!("resources are searched by {url} from now on"))?;
    }
    Ok(())
}

fn problem(problem: &Problem) -> Value {
    json!({
        "line": problem.line,
        "resource": problem.resource,
        "expression": problem.expression,
        "details": problem.told,
    })
}
