//! `bench fill`: a store with very many waiting messages, spread evenly over its mailboxes.

use anyhow::Result;
use koppeltaal_store::mailbox::Incoming;
use koppeltaal_store::store::Checkpoint;
use koppeltaal_store::{DatabaseUrl, Options};

use super::batches::{self, Limits};
use super::ground::Ground;
use super::incoming::Form;
use super::post::{options, store_batch};
use crate::cmd::bench::load::Report;
use crate::cmd::bench::message;
use crate::cmd::bench::template::Tokens;

/// Messages in one transaction.
const BATCH: u64 = 500;

/// What to fill the store with. With SQLite no server may be running on it.
#[derive(Debug, Clone, clap::Args)]
pub struct FillArgs {
    /// How many messages
    #[arg(long, short = 'n', default_value_t = 100_000)]
    messages: u64,
    /// Mailboxes to make when the domain is not there
    #[arg(long, default_value_t = 8)]
    mailboxes: usize,
    /// The domain
    #[arg(long, default_value = "bench")]
    domain: String,
    /// Put all of them in the first mailbox instead of spreading them
    #[arg(long)]
    one_mailbox: bool,
    /// Messages of one small resource (1 KB) instead of five (6 KB)
    #[arg(long)]
    small: bool,
}

/// Fills the store.
pub async fn fill(database: &DatabaseUrl, args: &FillArgs) -> Result<Report> {
    let in_flight = match database {
        DatabaseUrl::Sqlite(_) => 2,
        DatabaseUrl::Postgres(_) => 4,
    };
    let options = Options { checkpoint: Checkpoint::Background, ..options(in_flight) };
    let ground = Ground::open(database, &options, &args.domain, args.mailboxes).await?;
    let (event, bundle) = match args.small {
        true => (message::PATIENT, message::small(&args.domain)),
        false => (message::CARE_PLAN, message::care_plan(&args.domain)),
    };
    let form = Form::of(&ground, event, &bundle)?;
    let mailboxes = if args.one_mailbox { &ground.mailboxes[..1] } else { &ground.mailboxes[..] };
    let mut tokens = Tokens::random();
    let mut turn = mailboxes.iter().cycle().copied();
    let mut left = args.messages;
    let forever = std::time::Duration::from_secs(7 * 24 * 3600);
    let limits = Limits { warm_up: std::time::Duration::ZERO, duration: forever, in_flight };
    let ran = batches::run(limits, || {
        let count = left.min(BATCH);
        left -= count;
        let batch: Vec<Incoming> = (0..count)
            .map(|_| form.incoming(tokens.next(), turn.next().unwrap_or_default()))
            .collect();
        (!batch.is_empty()).then(|| store_batch(&ground, batch))
    })
    .await?;
    let workload = format!("fill ({} bytes, {} mailboxes)", form.bytes(), mailboxes.len());
    let report = ran.report(&workload, database.to_string(), in_flight, "messages");
    ground.store.close().await;
    Ok(report)
}
