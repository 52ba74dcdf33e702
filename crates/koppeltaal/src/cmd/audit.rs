//! `koppeltaal audit search|export`: who did what, about whom, when.

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_core::audit::Action as Audited;
use koppeltaal_core::{Error, Timestamp};
use koppeltaal_store::audit::{self, Filter, Record};
use serde_json::{Map, Value};

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
    },
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
    /// definition, administration, retention, erase, login, launch,
    /// misconfiguration
    #[arg(long)]
    action: Option<String>,
    /// By this agent only
    #[arg(long)]
    agent: Option<String>,
    /// About this patient only (URL without version)
    #[arg(long)]
    patient: Option<String>,
    /// Of this request only
    #[arg(long)]
    request_id: Option<String>,
    /// Of this chain of requests only (X-Trace-Id)
    #[arg(long)]
    trace_id: Option<String>,
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
            request_id: self.request_id.clone(),
            trace_id: self.trace_id.clone(),
            after: None,
        })
    }
}

/// Rows that one read takes.
const PAGE: usize = 1000;
/// The word for what belongs to no domain.
const SERVER: &str = "server";

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    match args.action {
        Action::Search { filter, limit } => {
            let limit = usize::try_from(limit)?;
            let mut objects = Vec::new();
            each(context, &filter, Some(limit), |object| {
                objects.push(object);
                Ok(())
            })
            .await?;
            let columns = [
                "recorded", "domain", "action", "agent", "event", "item", "outcome", "trace_id",
                "detail",
            ];
            output::list(context.json, &objects, &columns)
        }
        Action::Export { filter } => {
            each(context, &filter, None, |object| output::line(serde_json::to_string(&object)?))
                .await
        }
    }
}

/// Gives every row that fits, domain by domain, oldest first.
async fn each(
    context: &Context,
    args: &FilterArgs,
    limit: Option<usize>,
    mut give: impl FnMut(Map<String, Value>) -> Result<()>,
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
            let (wanted, most) = (filter.clone(), i64::try_from(page)?);
            let rows: Vec<Record> = match domain {
                Some(domain) => {
                    store.scope(domain).read(move |tx| audit::search(tx, &wanted, most)).await?
                }
                None => store.read(move |tx| audit::search_server(tx, &wanted, most)).await?,
            };
            filter.after = rows.last().map(|row| row.id);
            left -= rows.len();
            let full = rows.len() == page;
            for row in rows {
                give(object(name, &row)?)?;
            }
            if !full {
                break;
            }
        }
    }
    Ok(())
}

fn object(domain: &str, row: &Record) -> Result<Map<String, Value>> {
    let mut object = Map::new();
    object.insert("domain".to_owned(), Value::from(domain));
    if let Value::Object(rest) = serde_json::to_value(row)? {
        object.extend(rest);
    }
    Ok(object)
}
