//! `koppeltaal audit search|export|verify`: who did what, about whom, when, and
//! whether the trail is whole.

pub(super) mod resource;
mod verify;

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_admin::operate::audit::{SERVER, row as audit_row, rows};
use koppeltaal_core::audit::Action as Audited;
use koppeltaal_core::directory::Domain;
use koppeltaal_core::{Error, Timestamp};
use koppeltaal_store::audit::{Filter, Record};

use super::directory::{check_domain, read};
use crate::context::Context;
use crate::output;

/// The audit trail.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Rows of the trail, oldest first
    Search {
        #[command(flatten)]
        filter: FilterArgs,
        /// How many at most
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        limit: u32,
    },
    /// Every row as one JSON object a line
    Export {
        #[command(flatten)]
        filter: FilterArgs,
        /// As rows of the trail, or as AuditEvents of FHIR (rows of KT1 are none)
        #[arg(long, value_enum, default_value_t = Format::Rows)]
        format: Format,
    },
    /// Whether nothing was changed, added or removed since it was sealed
    Verify(verify::Args),
}

/// What an export consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Rows of the trail.
    Rows,
    /// AuditEvents.
    Fhir,
}

#[derive(Debug, clap::Args)]
struct FilterArgs {
    /// Of this domain only (`server`: what belongs to none)
    #[arg(long)]
    domain: Option<String>,
    /// Recorded at this time or later (RFC 3339)
    #[arg(long)]
    since: Option<Timestamp>,
    /// Recorded before this time (RFC 3339)
    #[arg(long)]
    until: Option<Timestamp>,
    /// This action only: accept, reject, claim, status, lapse, browse, read,
    /// definition, administration, retention, erase, sign-in, login, launch,
    /// misconfiguration, create, update, delete, search, history, capabilities,
    /// validate, transmit, report
    #[arg(long)]
    action: Option<String>,
    /// By this agent only
    #[arg(long)]
    agent: Option<String>,
    /// About this patient only (URL in KT1, Patient/ID in KT2)
    #[arg(long)]
    patient: Option<String>,
    /// About this resource only (URL in KT1, TYPE/ID in KT2)
    #[arg(long)]
    focal: Option<String>,
    /// With this outcome only (`ok`, a status of HTTP, an outcome of FHIR)
    #[arg(long)]
    outcome: Option<String>,
    /// Of this request only
    #[arg(long)]
    request_id: Option<String>,
    /// Of this chain of requests only (X-Trace-Id)
    #[arg(long)]
    trace_id: Option<String>,
    /// What follows from this request only (X-Correlation-Id)
    #[arg(long)]
    correlation_id: Option<String>,
    /// Only what the FHIR service shows as AuditEvents; makes a search by request
    /// or trace quick
    #[arg(long)]
    events: bool,
}

impl FilterArgs {
    fn filter(&self) -> Result<Filter> {
        let action = match &self.action {
            None => None,
            Some(code) => Some(Audited::from_code(code).ok_or_else(|| {
                let codes: Vec<_> = Audited::ALL.iter().map(|action| action.code()).collect();
                Error::Invalid(format!("`{code}` is no action; there is {}", codes.join(", ")))
            })?),
        };
        Ok(Filter {
            from: self.since,
            until: self.until,
            action,
            agent: self.agent.clone(),
            patient: self.patient.clone(),
            focal: self.focal.clone(),
            outcome: self.outcome.clone(),
            request_id: self.request_id.clone(),
            trace_id: self.trace_id.clone(),
            correlation_id: self.correlation_id.clone(),
            events_only: self.events,
            after: None,
        })
    }
}

/// Rows that one read takes.
const PAGE: usize = 1000;

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    match args.action {
        Action::Search { filter, limit } => {
            let limit = usize::try_from(limit)?;
            let mut objects = Vec::new();
            each(context, &filter, Some(limit), |domain, row| {
                objects.push(audit_row(domain, row)?);
                Ok(())
            })
            .await?;
            let columns = [
                "recorded", "domain", "action", "agent", "event", "item", "outcome", "trace_id",
                "detail",
            ];
            output::list(context.json, &objects, &columns)
        }
        Action::Export { filter, format: Format::Rows } => {
            let give = |domain: Option<&Domain>, row: &Record| {
                output::line(serde_json::to_string(&audit_row(domain, row)?)?)
            };
            each(context, &filter, None, give).await
        }
        Action::Export { filter, format: Format::Fhir } => {
            let filter = FilterArgs { events: true, ..filter };
            let give = |_: Option<&Domain>, row: &Record| match &row.shown {
                Some(event) => output::line(resource::of(event)),
                None => Ok(()),
            };
            each(context, &filter, None, give).await
        }
        Action::Verify(args) => verify::run(context, args).await,
    }
}

/// Gives every row that fits, domain by domain, oldest first.
async fn each(
    context: &Context,
    args: &FilterArgs,
    limit: Option<usize>,
    mut give: impl FnMut(Option<&Domain>, &Record) -> Result<()>,
) -> Result<()> {
    let directory = read(context).await?;
    let only = args.domain.as_deref();
    check_domain(&directory, only.filter(|name| *name != SERVER))?;
    let store = context.store().await?;
    let mut left = limit.unwrap_or(usize::MAX);
    let domains = directory.domains().iter().map(Some).chain([None]);
    for domain in domains {
        let name = domain.map_or(SERVER, |domain| domain.name.as_str());
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let mut filter = args.filter()?;
        while left > 0 {
            let page = left.min(PAGE);
            let most = i64::try_from(page)?;
            let rows = rows(store, domain.map(AsRef::as_ref), &filter, most).await?;
            filter.after = rows.last().map(|row| row.id);
            left -= rows.len();
            let full = rows.len() == page;
            for row in rows {
                give(domain.map(AsRef::as_ref), &row)?;
            }
            if !full {
                break;
            }
        }
    }
    Ok(())
}
