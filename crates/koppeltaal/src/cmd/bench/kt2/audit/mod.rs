//! `bench kt2 audit`: reads and creates of care data, every one of them in the audit trail, before
//! and after the trail holds many events; and searches in the trail itself.

mod report;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bytes::Bytes;

use super::notifications::ground::Ground;
use super::read;
use super::resources::fill::{Filled, fill};
use super::resources::{open, raw_bound, sample, work};
use crate::cmd::bench::load::{Line, Plan};
use crate::cmd::bench::watch::resident_mb;
use crate::output;
use report::{Measurement, Round, Search};

/// What is measured, and how long.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// How many events the trail holds in the end: each is a read over HTTP
    #[arg(long, default_value_t = 1_000_000)]
    pub events: u64,
    /// How many resources there are before anything is measured
    #[arg(long, default_value_t = 20_000)]
    pub resources: u64,
    #[command(flatten)]
    pub plan: Plan,
    /// How often everything is measured, before and after
    #[arg(long, default_value_t = 3)]
    pub runs: usize,
}

/// No server creates more in a second; so many bodies are made.
const MOST: u64 = 6_000;
/// Events between two tokens, which last for five minutes.
const PIECE: u64 = 500_000;

/// Measures, on a server that is started on a fresh store. `database` may name an empty PostgreSQL.
pub fn run(args: &Args, database: Option<&str>) -> Result<Measurement> {
    let mut ground = Ground::start(database)?;
    let url = ground.server.database.parse()?;
    let filled =
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
            let store = open(&url, &ground.client).await?;
            let filled = fill(&store, args.resources).await?;
            store.store.close().await;
            anyhow::Ok(filled)
        })?;
    ground.server.restart()?;
    let before = rounds(args, &ground, &filled, 1)?;
    let before_mb = resident_mb(ground.server.pid())?;
    let there: u64 = before.iter().map(|round| round.read.count + round.create.count).sum();
    let grown = grow(args.events.saturating_sub(there), args, &ground, &filled)?;
    let after = rounds(args, &ground, &filled, 1 + args.runs as u64)?;
    let after_mb = resident_mb(ground.server.pid())?;
    let searches = searches(args, &ground, &filled)?;
    Ok(Measurement {
        store: if database.is_some() { "PostgreSQL" } else { "SQLite" },
        resources: filled.resources,
        connections: args.plan.connections,
        events: there + grown,
        before,
        after,
        searches,
        before_mb,
        after_mb,
    })
}

fn rounds(args: &Args, ground: &Ground, filled: &Filled, first: u64) -> Result<Vec<Round>> {
    let plan = &args.plan;
    let mut rounds = Vec::new();
    for number in first..first + args.runs.max(1) as u64 {
        output::remark(format_args!("run {number} of {}", 2 * args.runs.max(1)));
        let short = Plan { duration: plan.duration / 4, count: None, ..plan.clone() };
        let empty = read::empty(&short, &ground.server.url)?;
        let raw = raw_bound(plan, &ground.server.database.parse()?, &ground.client)?;
        let asker = ground.asker()?;
        let read = work::gets(plan, &asker, "read", &paths(filled))?;
        let time = plan.duration + plan.warm_up;
        let most = plan.count.unwrap_or(time.as_secs() * MOST);
        let bodies = (0..most)
            .map(|at| Bytes::from(sample::patient(number * 1_000_000_000 + at).to_string()));
        let create = work::posts(plan, &asker, "create", "/Patient", bodies.collect())?;
        let empty = empty.tallies.first().map(|tally| Line::of(tally, empty.seconds));
        rounds.push(Round { empty, raw, read, create });
    }
    Ok(rounds)
}

/// Reads until the trail holds so many events more.
fn grow(count: u64, args: &Args, ground: &Ground, filled: &Filled) -> Result<u64> {
    let (began, mut done) = (Instant::now(), 0);
    while done < count {
        let plan = Plan {
            connections: args.plan.connections,
            duration: Duration::ZERO,
            warm_up: Duration::ZERO,
            count: Some(PIECE.min(count - done)),
        };
        let line = work::gets(&plan, &ground.asker()?, "read", &paths(filled))?;
        ensure!(line.errors.is_empty(), "reads failed: {:?}", line.errors);
        done += line.count;
        let seconds = began.elapsed().as_secs_f64();
        output::remark(format_args!("{done} events more, {seconds:.0} s"));
    }
    Ok(done)
}

fn paths(filled: &Filled) -> Vec<String> {
    filled.readable.iter().map(|id| format!("/Patient/{id}")).collect()
}

/// What is asked of the trail, over one connection.
fn searches(args: &Args, ground: &Ground, filled: &Filled) -> Result<Vec<Search>> {
    let plan = Plan {
        connections: 1,
        duration: args.plan.duration / 4,
        warm_up: args.plan.warm_up / 4,
        count: None,
    };
    let asker = ground.asker()?;
    let by_entity: Vec<String> = filled
        .readable
        .iter()
        .map(|id| format!("/AuditEvent?entity=Patient/{id}&_count=20"))
        .collect();
    let asked = [
        ("by entity", by_entity),
        ("the last 20", vec!["/AuditEvent?_sort=-date&_count=20&_total=none".to_owned()]),
        (
            "the last create since a moment",
            vec!["/AuditEvent?subtype=create&date=ge2020-01-01&_sort=-date&_count=1".to_owned()],
        ),
        ("by trace", vec!["/AuditEvent?traceId=none".to_owned()]),
    ];
    let mut searches = Vec::new();
    for (title, paths) in asked {
        let line = work::gets(&plan, &asker, "search", &paths)?;
        searches.push(Search { title, line });
    }
    Ok(searches)
}
