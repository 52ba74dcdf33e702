//! `bench kt2 authorization`: raw bound, token requests, introspections and reads, one after the
//! other in the same minutes, as many times as wanted.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use koppeltaal_auth::SealKey;

use super::assertions::{self, Wanted};
use super::ground::{DOMAIN, Ground, block_on};
use super::provision::Keys;
use super::report::{Measurement, Run};
use super::{introspect, raw, read, token, verification};
use crate::cmd::bench::load::{Line, Measured, Plan};
use crate::output;

/// How many new tokens are checked in this process.
const TOKENS_CHECKED: usize = 100;

/// What is measured, and how long.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// A running server: the FHIR base of a domain that was made by `bench kt2 provision`
    /// [default: a server on a fresh store is started; --database may name an empty PostgreSQL]
    #[arg(long = "fhir-base", value_name = "URL", requires_all = ["provision", "key"])]
    pub running: Option<String>,
    /// The file that `bench kt2 provision` printed, for a running server
    #[arg(long, value_name = "FILE")]
    pub provision: Option<PathBuf>,
    /// The key of its clients
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// How the server gets the keys of the clients
    #[arg(long, value_enum, default_value = "inline")]
    pub keys: Keys,
    /// Where the keys are served with `--keys url`
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub jwks_listen: SocketAddr,
    /// How many clients there are on the server that is started
    #[arg(long, default_value_t = 8)]
    pub clients: usize,
    #[command(flatten)]
    pub plan: Plan,
    /// Introspections in a second
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub introspections: u32,
    /// How often everything is measured
    #[arg(long, default_value_t = 3)]
    pub runs: usize,
}

/// Measures. `database` is where the server that is started keeps its store, and `seal` opens the
/// keys in it.
pub fn run(
    args: &Args,
    database: Option<&str>,
    seal: &Arc<SealKey>,
) -> anyhow::Result<Measurement> {
    let ground = Ground::prepare(args, database)?;
    let runs = (1..=args.runs.max(1)).map(|number| {
        output::remark(format_args!("run {number} of {}", args.runs.max(1)));
        one_run(args, &ground, seal)
    });
    let runs = runs.collect::<anyhow::Result<Vec<Run>>>()?;
    Ok(Measurement {
        target: ground.discovery.fhir_base.clone(),
        keys: args.keys.name(),
        clients: ground.clients.len(),
        connections: args.plan.connections,
        introspections_wanted: args.introspections,
        jwks_fetches: ground.jwks.as_ref().map(|jwks| jwks.fetches()),
        runs,
    })
}

fn one_run(args: &Args, ground: &Ground, seal: &Arc<SealKey>) -> anyhow::Result<Run> {
    let (plan, discovery) = (&args.plan, &ground.discovery);
    let raw = raw::measure(Duration::from_secs(2))?;
    let time = plan.duration + plan.warm_up;
    // No server answers faster than it can verify and sign.
    let most = (raw.all_cores_per_second * time.as_secs_f64() * 1.1) as usize;
    let count = plan.count.map_or(most, |count| usize::try_from(count).unwrap_or(usize::MAX));
    let wanted = Wanted {
        count,
        clients: &ground.clients,
        audience: &discovery.token_endpoint,
        fields: &[("grant_type", "client_credentials")],
        used_for: time,
    };
    let forms = assertions::sign(&wanted, &ground.signer)?;
    let tokens = line(&token::run(plan, &discovery.token_endpoint, forms)?)?;

    let access_token = ground.access_tokens(1)?.remove(0);
    let endpoint = discovery.introspection_endpoint.as_deref();
    let endpoint = endpoint.context("the server has no introspection endpoint")?;
    let plan = &Plan { count: None, ..plan.clone() };
    let count = introspect::count(plan, args.introspections);
    let wanted = Wanted {
        count,
        // The token is of the first, and a server may refuse to look into the token of another.
        clients: &ground.clients[..1],
        audience: endpoint,
        fields: &[("token", &access_token)],
        used_for: time,
    };
    let forms = assertions::sign(&wanted, &ground.signer)?;
    let introspections = line(&introspect::run(plan, endpoint, forms, args.introspections)?)?;

    let access_token = ground.access_tokens(1)?.remove(0);
    let device = format!("/Device/{}", ground.clients[0]);
    let reads = line(&read::run(plan, &discovery.fhir_base, &device, &access_token)?)?;
    let empty = line(&read::empty(plan, &discovery.fhir_base)?)?;
    let verification = match &ground.own {
        Some(own) => {
            let tokens = ground.access_tokens(TOKENS_CHECKED)?;
            Some(block_on(verification::measure(own, seal, DOMAIN, &tokens))??)
        }
        None => None,
    };
    let ratio = tokens.per_second / raw.all_cores_per_second;
    Ok(Run { raw, tokens, token_ratio: ratio, introspections, reads, empty, verification })
}

fn line(measured: &Measured) -> anyhow::Result<Line> {
    let tally = measured.tallies.first().context("nothing was measured")?;
    Ok(Line::of(tally, measured.seconds))
}
