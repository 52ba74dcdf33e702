//! `koppeltaal trace ID`: what happened in one chain of requests (X-Trace-Id), in order:
//! requests, changes, notifications and what their receivers said of them.

use anyhow::Result;
use koppeltaal_core::audit::Action;
use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_core::{Error, Timestamp};
use koppeltaal_store::audit::{self, Filter, Record};
use koppeltaal_store::outbox::{self, Notification};
use serde_json::{Map, Value, json};

use super::audit::resource;
use super::directory::{check_domain, read};
use crate::context::Context;
use crate::output;
use koppeltaal_admin::names;

/// One chain of requests.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The X-Trace-Id (of a launch: the `jti` of the launch token)
    id: String,
    /// In this domain only
    #[arg(long)]
    domain: Option<String>,
}

/// Rows that one read takes.
const PAGE: i64 = 1000;
/// A trace with more of a kind is cut, and says so.
const MOST: usize = 100_000;

/// Something that happened.
struct Step {
    time: Timestamp,
    /// Its place among what happened in the same moment.
    order: i64,
    shown: Map<String, Value>,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let directory = read(context).await?;
    check_domain(&directory, args.domain.as_deref())?;
    let mut steps = Vec::new();
    for domain in directory.domains() {
        if args.domain.as_ref().is_none_or(|name| *name == domain.name) {
            steps.extend(recorded(context, domain, &args.id).await?);
            steps.extend(announced(context, &directory, domain, &args.id).await?);
        }
    }
    if steps.is_empty() {
        let told = format!(
            "nothing is recorded of trace {}; the answer to a request names its own in X-Trace-Id",
            args.id
        );
        return Err(Error::NotFound(told).into());
    }
    steps.sort_by_key(|step| (step.time, step.order));
    let objects: Vec<_> = steps.into_iter().map(|step| step.shown).collect();
    let columns =
        ["time", "domain", "what", "agent", "about", "version", "outcome", "request_id", "detail"];
    output::list(context.json, &objects, &columns)
}

/// What the audit trail has of the trace.
async fn recorded(context: &Context, domain: &Domain, trace_id: &str) -> Result<Vec<Step>> {
    let scope = context.store().await?.scope(domain);
    let mut filter =
        Filter { trace_id: Some(trace_id.to_owned()), events_only: true, ..Filter::default() };
    let mut steps = Vec::new();
    loop {
        let wanted = filter.clone();
        let rows = scope.read(move |tx| audit::search(tx, &wanted, PAGE)).await?;
        filter.after = rows.last().map(|row| row.id);
        let is_last = i64::try_from(rows.len())? < PAGE;
        for row in &rows {
            steps.push(of_record(domain, row)?);
        }
        if is_last {
            return Ok(steps);
        }
        if steps.len() >= MOST {
            output::remark(format_args!("{MOST} rows of {} are shown, not all", domain.name));
            return Ok(steps);
        }
    }
}

fn of_record(domain: &Domain, row: &Record) -> Result<Step> {
    let event = row.shown.as_ref().map(|event| serde_json::from_str::<Value>(&resource::of(event)));
    let event = event.transpose()?;
    let reported = event.as_ref().filter(|_| row.action == Action::Report.code());
    let shown = json!({
        "time": row.recorded,
        "domain": domain.name,
        "what": row.action,
        "agent": row.agent,
        "about": row.focal,
        "version": row.version,
        "outcome": reported.map_or_else(|| json!(row.outcome), |event| event["outcome"].clone()),
        "request_id": row.request_id,
        "correlation_id": row.correlation_id,
        "detail": reported.map_or_else(|| json!(row.detail), said),
        "audit_event": event,
    });
    Ok(Step { time: row.recorded, order: row.id, shown: object(shown) })
}

/// What an application says in an event of its own: what kind of event it is, and why it failed.
fn said(event: &Value) -> Value {
    let code = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    let words = [code("/type/code"), code("/subtype/0/code"), code("/outcomeDesc")];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ").into()
}

/// The notifications of the trace: when each was announced, and where it stands. What was
/// tried stands in the trail.
async fn announced(
    context: &Context,
    directory: &Directory,
    domain: &Domain,
    trace_id: &str,
) -> Result<Vec<Step>> {
    let id = trace_id.to_owned();
    let most = i64::try_from(MOST)?;
    let scope = context.store().await?.scope(domain);
    let found = scope.read(move |tx| outbox::of_trace(tx, &id, most)).await?;
    Ok(found.iter().map(|one| of_notification(directory, domain, one)).collect())
}

fn of_notification(directory: &Directory, domain: &Domain, one: &Notification) -> Step {
    let tried = match one.attempts.len() {
        1 => "1 attempt".to_owned(),
        count => format!("{count} attempts"),
    };
    let next = one.next_attempt.map(|at| format!(", next at {at}")).unwrap_or_default();
    let (about, version) = match one.identifier.split_once("/_history/") {
        Some((about, version)) => (about, Some(version)),
        None => (one.identifier.as_str(), None),
    };
    let shown = json!({
        "time": one.created,
        "domain": domain.name,
        "what": "notification",
        "agent": names::instance(directory, one.instance),
        "about": about,
        "version": version,
        "outcome": one.state,
        "request_id": Value::Null,
        "correlation_id": one.request_id,
        "detail": format!("notification {}: {tried}{next}", one.id),
        "notification": one.id,
        "subscription": one.subscription,
        "attempts": one.attempts,
        "next_attempt": one.next_attempt,
    });
    Step { time: one.created, order: one.id, shown: object(shown) }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
