//! `koppeltaal fhir export --domain D [--type T]… [--audit-events] [--reveal-secrets]`.

use std::io::{self, Write};

use anyhow::Result;
use koppeltaal_fhir::json;
use koppeltaal_kt2::operate::{self, Export, Progress, known_type};

use super::operator;
use crate::context::Context;
use crate::output;

/// What is exported.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The domain
    #[arg(long)]
    domain: String,
    /// Resources of this type only; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// AuditEvents too
    #[arg(long)]
    audit_events: bool,
    /// Print the header values of Subscriptions, which hold secrets; without them a
    /// Subscription that has any cannot be imported
    #[arg(long)]
    reveal_secrets: bool,
}

/// Runs the command: NDJSON on standard output, progress beside it.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let types = args.types.iter().map(|name| known_type(name)).collect::<Result<_, _>>()?;
    let export =
        Export { types, audit_events: args.audit_events, reveal_secrets: args.reveal_secrets };
    let operator = operator(context, "fhir export", &args.domain).await?;
    let mut out = io::BufWriter::new(io::stdout());
    let mut told = Told::default();
    let mut give = |resource: &koppeltaal_fhir::Node| {
        writeln!(out, "{}", json::render(resource)).map_err(anyhow::Error::from)
    };
    let mut progress = |progress: Progress| told.tell("exported", progress);
    let done = operate::export(&operator, &export, &mut give, &mut progress).await?;
    out.flush()?;
    output::remark(format_args!("{done} resources exported"));
    Ok(())
}

/// What was said of progress: a line for each tenth.
#[derive(Debug, Default)]
pub struct Told(u64);

impl Told {
    /// Says how far it is, when there is something new to say.
    pub fn tell(&mut self, what: &str, progress: Progress) {
        let step = (progress.total / 10).max(1_000);
        if progress.done / step > self.0 / step {
            self.0 = progress.done;
            match progress.total {
                0 => output::remark(format_args!("{what} {}", progress.done)),
                total => output::remark(format_args!("{what} {} of {total}", progress.done)),
            }
        }
    }
}
