//! Load on a store without a server: the rows of real messages through the same functions, many in
//! one transaction. What this reaches is the raw bound that the server is compared with.

mod batches;
mod claim;
mod fill;
mod ground;
mod incoming;
mod pgbench;
mod post;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use koppeltaal_store::DatabaseUrl;

use super::load::Report;

pub use fill::{FillArgs, fill};

/// The workloads.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Store messages as `bench kt1 post` makes the server store them
    Post(PostArgs),
    /// Claim waiting messages and set them to Success
    Claim(Common),
}

/// What both workloads are told. The store is that of --database.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    /// The domain; it is made, with its mailboxes, when it is not there
    #[arg(long, default_value = "bench")]
    pub domain: String,
    /// Mailboxes to make
    #[arg(long, default_value_t = 8)]
    pub mailboxes: usize,
    /// Messages in one transaction
    #[arg(long, default_value_t = 32)]
    pub batch: usize,
    /// Transactions at the same time [default: 1 for a batch of 1; else 2 on SQLite, so that the
    /// next is ready when one ends, and 8 on PostgreSQL]
    #[arg(long)]
    pub in_flight: Option<usize>,
    /// How long to measure
    #[arg(long, short = 'd', default_value = "10s", value_parser = super::duration)]
    pub duration: Duration,
    /// How long to run before measuring begins
    #[arg(long, default_value = "2s", value_parser = super::duration)]
    pub warm_up: Duration,
}

/// What `bench store post` is told.
#[derive(Debug, Clone, clap::Args)]
pub struct PostArgs {
    #[command(flatten)]
    pub common: Common,
    /// Do not measure: write a script for pgbench that stores the same rows
    #[arg(long, value_name = "FILE")]
    pub pgbench: Option<PathBuf>,
    /// Let that script send its statements in a pipeline
    #[arg(long, requires = "pgbench")]
    pub pipeline: bool,
}

/// What a workload ends with.
#[derive(Debug)]
pub enum Outcome {
    /// Figures.
    Report(Report),
    /// What to do next.
    Text(String),
}

/// Runs a workload.
pub async fn run(database: &DatabaseUrl, command: &Command) -> Result<Outcome> {
    match command {
        Command::Post(args) => match &args.pgbench {
            Some(file) => pgbench::write(database, args, file)
                .await
                .map(Outcome::Text),
            None => post::run(database, &args.common).await.map(Outcome::Report),
        },
        Command::Claim(common) => claim::run(database, common).await.map(Outcome::Report),
    }
}
