//! `bench kt2 resources`: reads, creates and searches of the FHIR service on a store with many
//! resources, next to the raw bound of the store for the same rows in the same minutes.

pub mod fill;
mod pgbench;
mod report;
pub mod sample;
pub mod work;

use std::time::Instant;

use anyhow::{Context, Result};
use bytes::Bytes;
use koppeltaal_client::kt2::{Authorization, KeyKind, Options, PrivateKey, Signer};
use koppeltaal_store::directory::load as load_directory;
use koppeltaal_store::{DatabaseUrl, Ids, Options as StoreOptions, Store, migrate};
use std::sync::Arc;

use super::ground::{DOMAIN, block_on};
use super::own_server::OwnServer;
use super::provision::{self, Keys};
use crate::cmd::bench::load::{Line, Plan};
use crate::cmd::bench::store::batches::{self, Limits};
use crate::cmd::bench::watch;
use crate::output;
use fill::{Filled, Ground, fill};
use report::{Measurement, Run};
use work::Asker;

/// What is measured, and how long.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// How many resources there are before anything is measured
    #[arg(long, default_value_t = 100_000)]
    pub resources: u64,
    #[command(flatten)]
    pub plan: Plan,
    /// How often everything is measured
    #[arg(long, default_value_t = 3)]
    pub runs: usize,
    /// Let pgbench vacuum what was filled, and store the same rows, too; it must be installed, and
    /// --database a PostgreSQL
    #[arg(long)]
    pub pgbench: bool,
}

/// Resources that are made ready before the raw bound is measured, and created again and again.
const PREPARED: usize = 20_000;

/// Measures, on a server that is started on a fresh store. `database` may name an empty PostgreSQL.
pub fn run(args: &Args, database: Option<&str>) -> Result<Measurement> {
    let key = PrivateKey::generate(KeyKind::Rsa2048)?;
    let wanted = provision::Args {
        clients: 1,
        domain: DOMAIN.to_owned(),
        key: std::path::PathBuf::new(),
        jwks_url: None,
    };
    let text = provision::file(&wanted, &key);
    let client = provision::clients(&text, Keys::Inline)?.remove(0);
    let mut server = OwnServer::start(&text, database)?;
    let url: DatabaseUrl = server.database.parse()?;
    let (filled, store_bytes) =
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
            let ground = open(&url, &client).await?;
            let filled = fill(&ground, args.resources).await?;
            ground.store.close().await;
            anyhow::Ok((filled, file_size(&url)))
        })?;
    if args.pgbench {
        pgbench::vacuum(&url)?;
    }
    let started = Instant::now();
    server.restart()?;
    let ready_ms = started.elapsed().as_secs_f64() * 1e3;
    let idle_mb = watch::resident_mb(server.pid())?;
    let fhir_base = format!("{}/api/v1/{DOMAIN}/fhir/r4", server.url);
    let kid = key.thumbprint();
    let signer = Signer::new(Arc::new(key)).with_kid(kid);
    let mut runs = Vec::new();
    for number in 1..=args.runs.max(1) {
        output::remark(format_args!("run {number} of {}", args.runs.max(1)));
        let raw = raw_bound(&args.plan, &url, &client)?;
        let pgbench = match args.pgbench {
            true => Some(pgbench_bound(args, &url, &client)?),
            false => None,
        };
        let token = block_on(token(&fhir_base, &client, &signer))??;
        let asker = Asker::new(&fhir_base, &token)?;
        let run = one_run(args, &asker, &filled, raw, number as u64)?;
        runs.push(Run { pgbench, ..run });
    }
    let loaded_mb = watch::resident_mb(server.pid())?;
    Ok(Measurement {
        store: if database.is_some() { "PostgreSQL" } else { "SQLite" },
        resources: filled.resources,
        connections: args.plan.connections,
        ready_ms,
        idle_mb,
        loaded_mb,
        bytes_by_json: store_bytes.map(|bytes| bytes as f64 / filled.json_bytes as f64),
        runs,
    })
}

/// A token that outlives a run is not needed: each run has its own.
async fn token(fhir_base: &str, client: &str, signer: &Signer) -> Result<String> {
    let options = Options::default();
    let found = Authorization::discover(fhir_base, client, signer.clone(), &options).await?;
    Ok(found.new_token("").await?.secret().to_owned())
}

/// Opens the store of a server beside it.
pub async fn open(url: &DatabaseUrl, client: &str) -> Result<Ground> {
    let store = Store::open(url, &StoreOptions { batch_cap: 1, ..StoreOptions::default() }).await?;
    migrate::run(&store).await?;
    let ids = Arc::new(Ids::take(&store).await?);
    let directory = store.read(load_directory).await?;
    let domain = directory.domain(DOMAIN).context("the domain is not there")?.clone();
    Ok(Ground { store, ids, domain, origin: client.to_owned() })
}

/// Creates of the same resources with the same rows, 32 in a commit, without a server.
pub fn raw_bound(plan: &Plan, url: &DatabaseUrl, client: &str) -> Result<Line> {
    let in_flight = if matches!(url, DatabaseUrl::Sqlite(_)) { 2 } else { 8 };
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let ground = open(url, client).await?;
        let limits = Limits { warm_up: plan.warm_up, duration: plan.duration / 2, in_flight };
        let mut made = Vec::with_capacity(PREPARED);
        for number in 0..PREPARED as u64 {
            let patient = sample::patient(2_000_000_000 + number);
            made.push(sample::ready("Patient", patient, client)?);
        }
        let mut made = made.iter().cycle();
        let ran = batches::run(limits, || {
            let fresh = |ready: &sample::Ready| sample::Ready {
                id: uuid::Uuid::new_v4().to_string(),
                ..ready.clone()
            };
            let batch: Vec<sample::Ready> = made.by_ref().take(32).map(fresh).collect();
            let (scope, ids, origin) =
                (ground.store.scope(&ground.domain), ground.ids.clone(), client.to_owned());
            Some(async move {
                let stored = scope.write(move |tx| {
                    fill::store(tx, &ids, &origin, &batch)?;
                    Ok(batch.len() as u64)
                });
                Ok(stored.await?)
            })
        })
        .await?;
        ground.store.close().await;
        let report = ran.report("creates", String::new(), in_flight, "creates");
        report.lines.into_iter().next().context("nothing was measured")
    })
}

/// The same rows by pgbench, one create in a commit.
fn pgbench_bound(args: &Args, url: &DatabaseUrl, client: &str) -> Result<f64> {
    let domain =
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
            let ground = open(url, client).await?;
            ground.store.close().await;
            anyhow::Ok(ground.domain.number)
        })?;
    pgbench::run(url, domain, client, args.plan.connections, args.plan.duration)
}

fn one_run(args: &Args, asker: &Asker, filled: &Filled, raw: Line, number: u64) -> Result<Run> {
    let plan = &args.plan;
    let reads: Vec<String> = filled.readable.iter().map(|id| format!("/Patient/{id}")).collect();
    let read = work::gets(plan, asker, "read", &reads)?;
    let by = |count: u64, path: &dyn Fn(u64) -> String| -> Vec<String> {
        // A step that is prime to the count leads everywhere.
        (0..10_000).map(|n| path(n * 7_919 % count.max(1))).collect()
    };
    let identifiers =
        by(filled.patients, &|n| format!("/Patient?identifier={}%7Cp-{n}", sample::SYSTEM));
    let identifier = work::gets(plan, asker, "identifier", &identifiers)?;
    let owners: Vec<String> = filled
        .owners
        .iter()
        .map(|id| format!("/Task?owner=Practitioner/{id}&status=ready"))
        .collect();
    let owner = work::gets(plan, asker, "owner+status", &owners)?;
    let publishers = by(filled.activities, &|n| format!("/Task?instantiates.publisherId=pub-{n}"));
    let publisher = work::gets(plan, asker, "publisherId", &publishers)?;
    let short = Plan {
        connections: 1,
        duration: plan.duration / 2,
        warm_up: plan.warm_up / 2,
        count: None,
    };
    let search = "/Task?status=ready";
    let first = format!("{}{search}", asker.target.uri("")?.path());
    let last = work::walk(asker, search, args.pages(filled))?;
    let page_1 = work::page(&short, asker, "page 1", &first)?;
    let page_n = work::page(&short, asker, "page n", &last)?;
    let most = (plan.duration + plan.warm_up).as_secs() * 12_000;
    let bodies =
        (0..most).map(|n| Bytes::from(sample::patient(number * 100_000_000 + n).to_string()));
    let create = work::posts(plan, asker, "create", "/Patient", bodies.collect())?;
    let ratio = create.per_second / raw.per_second;
    Ok(Run {
        raw,
        pgbench: None,
        read,
        identifier,
        owner,
        publisher,
        page_1,
        page_n,
        create,
        create_ratio: ratio,
    })
}

impl Args {
    /// The page that is compared with the first: the thousandth, when there are so many.
    fn pages(&self, filled: &Filled) -> usize {
        let ready = filled.patients / 5;
        usize::try_from((ready / 20).clamp(2, 1_000)).unwrap_or(2)
    }
}

fn file_size(url: &DatabaseUrl) -> Option<u64> {
    match url {
        DatabaseUrl::Sqlite(path) => std::fs::metadata(path).ok().map(|file| file.len()),
        DatabaseUrl::Postgres(_) => None,
    }
}
