//! Load on a store without a server: the rows of real messages through the same functions, many in
//! one transaction. What this reaches is the raw bound that the server is compared with.

pub mod batches;
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
            Some(file) => pgbench::write(database, args, file).await.map(Outcome::Text),
            None => post::run(database, &args.common).await.map(Outcome::Report),
        },
        Command::Claim(common) => claim::run(database, common).await.map(Outcome::Report),
    }
}

#[cfg(test)]
mod tests {
    use koppeltaal_fhir::json;
    use koppeltaal_store::mailbox::{Browse, Page, body, browse};

    use super::*;
    use crate::cmd::bench::message;
    use crate::cmd::bench::template::Tokens;

    fn common() -> Common {
        Common {
            domain: "bench".into(),
            mailboxes: 2,
            batch: 4,
            in_flight: None,
            duration: Duration::from_millis(200),
            warm_up: Duration::ZERO,
        }
    }

    #[tokio::test]
    async fn what_is_stored_can_be_claimed() {
        let folder = tempfile::tempdir().unwrap();
        let database = DatabaseUrl::Sqlite(folder.path().join("store.db"));
        let stored = post::run(&database, &common()).await.unwrap();
        assert!(stored.lines[0].count > 0 && stored.lines[0].count % 4 == 0);
        let claimed = claim::run(&database, &common()).await.unwrap();
        assert!(claimed.lines[0].count > 0, "{claimed}");
    }

    #[tokio::test]
    async fn a_stored_message_is_what_a_server_would_have_stored() {
        let folder = tempfile::tempdir().unwrap();
        let database = DatabaseUrl::Sqlite(folder.path().join("store.db"));
        let ground = ground::Ground::open(&database, &post::options(1), "bench", 1).await.unwrap();
        let bundle = message::care_plan("bench");
        let form = incoming::Form::of(&ground, message::CARE_PLAN, &bundle).unwrap();
        let mailbox = ground.mailboxes[0];
        let incoming = form.incoming(Tokens::random().next(), mailbox);
        assert_eq!(post::store_batch(&ground, vec![incoming]).await.unwrap(), 1);
        let (item, body) = ground
            .scope
            .read(move |tx| {
                let of = Browse { recipient: mailbox, ..Browse::default() };
                let page = Page { count: 10, offset: 0, after: None };
                let (mut items, _) = browse(tx, &of, page)?;
                let item = items.remove(0);
                let body = body(tx, item.message)?;
                Ok((item, body))
            })
            .await
            .unwrap();
        let body = body.unwrap();
        let header = item.header.replace('\u{1}', r#"{"url":"status"}"#);
        let header = json::parse(header.as_bytes()).unwrap();
        let focal = header.items("data")[0].get("reference").unwrap().text().unwrap().to_owned();
        assert_eq!(focal, format!("{}/_history/{}", item.focal, item.focal_version));
        let entries = json::parse(format!("[{}]", body.entries).as_bytes()).unwrap();
        let links = entries.one_or_many().iter().map(|entry| entry.items("link")[0].get("href"));
        let links: Vec<_> = links.map(|href| href.unwrap().text().unwrap().to_owned()).collect();
        assert_eq!(links.len(), 5);
        assert_eq!(links[0], focal);
        json::parse(format!("{{{}}}", body.feed).as_bytes()).unwrap();
    }
}
