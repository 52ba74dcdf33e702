//! `bench kt2 notifications`: how soon subscribers hear of a change on an idle and on a busy server,
//! what subscriptions cost those who write, and how fast a backlog drains.

mod backlog;
mod creates;
pub mod ground;
mod latency;
mod pace;
mod receiver;
mod report;
mod times;

use std::time::Duration;

use anyhow::Result;

use crate::cmd::bench::load::Plan;
use crate::output;
use ground::Ground;
use report::{Measurement, Run};

/// What is measured, and how long.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// What to measure; several with a comma
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["idle", "busy", "creates", "backlog"])]
    pub scenarios: Vec<Scenario>,
    #[command(flatten)]
    pub plan: Plan,
    /// How often everything is measured
    #[arg(long, default_value_t = 3)]
    pub runs: usize,
    /// Notifications in a second, for `busy`
    #[arg(long, default_value_t = 1000)]
    pub rate: u32,
    /// Endpoints that are told, for `busy`: a tenth of them is dead, a tenth slow
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(10..=1000))]
    pub endpoints: u32,
    /// Notifications that wait, for `backlog`
    #[arg(long, default_value_t = 1_000_000)]
    pub backlog: u64,
    /// How long the slow ones take
    #[arg(long, default_value = "10s", value_parser = crate::cmd::bench::duration)]
    pub slow: Duration,
}

/// A row of the goals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// From commit to POST, one write at a time
    Idle,
    /// The same at a fixed rate, while some endpoints are dead and some are slow
    Busy,
    /// Creates without subscriptions, with 100 and with 10,000
    Creates,
    /// Subscribers were away and come back
    Backlog,
}

/// Measures, on a server that is started on a fresh store. `database` may name an empty PostgreSQL.
pub fn run(args: &Args, database: Option<&str>) -> Result<Measurement> {
    let is_wanted = |scenario| args.scenarios.contains(&scenario);
    let mut ground = Ground::start(database)?;
    let mut runs = Vec::new();
    let timed = [Scenario::Idle, Scenario::Busy, Scenario::Creates];
    let count = if timed.into_iter().any(is_wanted) { args.runs.max(1) } else { 0 };
    for number in 1..=count {
        output::remark(format_args!("run {number} of {count}"));
        // Every write of a measurement has a number of its own.
        let first = number as u64 * 1_000_000_000;
        let idle = is_wanted(Scenario::Idle).then(|| times::idle(args, &ground, first));
        let busy =
            is_wanted(Scenario::Busy).then(|| times::busy(args, &ground, first + 100_000_000));
        let creates = is_wanted(Scenario::Creates)
            .then(|| creates::measure(args, &ground, first + 200_000_000));
        runs.push(Run {
            idle: idle.transpose()?,
            busy: busy.transpose()?,
            creates: creates.transpose()?,
        });
    }
    let backlog = match is_wanted(Scenario::Backlog) {
        true => Some(backlog::measure(args, &mut ground, 900_000_000_000)?),
        false => None,
    };
    Ok(Measurement {
        store: if database.is_some() { "PostgreSQL" } else { "SQLite" },
        connections: args.plan.connections,
        rate: args.rate,
        endpoints: args.endpoints,
        runs,
        backlog,
    })
}
