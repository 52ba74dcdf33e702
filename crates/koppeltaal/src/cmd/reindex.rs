//! `koppeltaal reindex [--domain D] [--type T]`: computes anew what resources are
//! found by, while servers run.

use anyhow::Result;
use koppeltaal_core::Error;
use koppeltaal_kt2::operate::{self, Progress, known_type};
use serde_json::{Map, Value};

use super::fhir;
use crate::context::Context;
use crate::output;

/// Computes anew what resources are found by. Servers may run meanwhile.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// In this domain only
    #[arg(long)]
    domain: Option<String>,
    /// Resources of this type only
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Go on after this resource, as a run that was broken off told
    #[arg(long, value_name = "KEY", default_value_t = 0, requires = "domain")]
    after: i64,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let kind = args.kind.as_deref().map(known_type).transpose()?;
    let operators = match &args.domain {
        Some(domain) => vec![fhir::operator(context, "reindex", domain).await?],
        None => fhir::every_operator(context, "reindex").await?,
    };
    let mut objects = Vec::new();
    for operator in operators {
        let (domain, mut last) = (operator.domain.name.clone(), args.after);
        let mut progress = |progress: Progress| {
            last = progress.after;
            output::remark(format_args!(
                "{domain}: {} of {} (--after {})",
                progress.done, progress.total, progress.after
            ));
        };
        let done = operate::reindex(&operator, kind, args.after, &mut progress).await;
        let done = done.map_err(|error| broken_off(&domain, last, error))?;
        let mut object = Map::new();
        object.insert("domain".to_owned(), Value::from(domain));
        object.insert("reindexed".to_owned(), Value::from(done.done));
        object.insert("changed_meanwhile".to_owned(), Value::from(done.passed));
        object.insert("search_parameters".to_owned(), Value::from(done.ready));
        objects.push(object);
    }
    let columns = ["domain", "reindexed", "changed_meanwhile", "search_parameters"];
    output::list(context.json, &objects, &columns)
}

/// An error with what to do about it, of the same kind.
fn broken_off(domain: &str, after: i64, error: Error) -> Error {
    let text = format!("{error} — go on with --domain {domain} --after {after}");
    match error {
        Error::Unavailable(_) => Error::Unavailable(text),
        _ => Error::Internal(text),
    }
}
