//! The raw bound of sending: the rows of `bench kt1 post` without HTTP, parsing and rendering.

use anyhow::Result;
use koppeltaal_store::mailbox::{Incoming, accept};
use koppeltaal_store::{DatabaseUrl, Options};

use super::Common;
use super::batches::{self, Limits};
use super::ground::{Ground, now};
use super::incoming::Form;
use crate::cmd::bench::load::Report;
use crate::cmd::bench::message;
use crate::cmd::bench::template::Tokens;

/// Stores messages until the time is over.
pub async fn run(database: &DatabaseUrl, common: &Common) -> Result<Report> {
    let in_flight = common.in_flight_on(database);
    let ground =
        Ground::open(database, &options(in_flight), &common.domain, common.mailboxes).await?;
    let bundle = message::care_plan(&common.domain);
    let form = Form::of(&ground, message::CARE_PLAN, &bundle)?;
    let mut tokens = Tokens::random();
    let limits = Limits { warm_up: common.warm_up, duration: common.duration, in_flight };
    let ran = batches::run(limits, || {
        let batch: Vec<Incoming> = (0..common.batch.max(1))
            .map(|_| form.incoming(tokens.next(), ground.mailboxes[0]))
            .collect();
        Some(store_batch(&ground, batch))
    })
    .await?;
    let workload = format!("store post ({} bytes, {} in a commit)", form.bytes(), common.batch);
    let report = ran.report(&workload, database.to_string(), in_flight, "messages");
    ground.store.close().await;
    Ok(report)
}

/// One transaction with all of these messages; answers with how many there were.
pub fn store_batch(
    ground: &Ground,
    batch: Vec<Incoming>,
) -> impl Future<Output = Result<u64>> + Send + 'static {
    let (scope, ids) = (ground.scope.clone(), ground.ids.clone());
    async move {
        let stored = scope.write(move |tx| {
            for incoming in &batch {
                accept(tx, &ids, now(), incoming)?;
            }
            Ok(batch.len() as u64)
        });
        Ok(stored.await?)
    }
}

/// One closure for each commit, so that the size of a commit is the one that was asked for, and a
/// connection of PostgreSQL for each that runs at the same time.
pub fn options(in_flight: usize) -> Options {
    Options { batch_cap: 1, postgres_write_connections: in_flight, ..Options::default() }
}

impl Common {
    /// How many transactions run at the same time.
    pub fn in_flight_on(&self, database: &DatabaseUrl) -> usize {
        let usual = match database {
            _ if self.batch <= 1 => 1,
            DatabaseUrl::Sqlite(_) => 2,
            DatabaseUrl::Postgres(_) => 8,
        };
        self.in_flight.unwrap_or(usual).max(1)
    }
}
