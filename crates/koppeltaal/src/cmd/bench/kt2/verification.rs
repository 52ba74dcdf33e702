//! What the check of an access token costs inside the server: the function that every resource call
//! passes through, in this process, over the store of the server that was started.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use koppeltaal_auth::{App, AuthorizationSettings, Metrics, Parts, SealKey};
use koppeltaal_core::directory::Domain;
use koppeltaal_store::{DatabaseUrl, Ids, Options, Store, directory};
use prometheus_client::registry::Registry;
use serde::Serialize;
use tokio::sync::watch;

use super::own_server::OwnServer;
use crate::clock::SystemClock;

/// How often a known token is checked.
const CHECKS: usize = 100_000;

/// Times of one check.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Verification {
    /// Of a token that was seen before: half were faster.
    pub known_p50_us: f64,
    /// Of a token that was seen before: 99 % were faster.
    pub known_p99_us: f64,
    /// Of a token at first sight, its signature included: half were faster.
    pub new_p50_us: f64,
}

/// Checks these tokens of the domain, then the last of them again and again.
pub async fn measure(
    server: &OwnServer,
    seal: &Arc<SealKey>,
    domain: &str,
    tokens: &[String],
) -> anyhow::Result<Verification> {
    let database: DatabaseUrl = server.database.parse()?;
    let store = Store::open(&database, &Options::default()).await?;
    let measured = check(&store, server, seal, domain, tokens).await;
    store.close().await;
    measured
}

async fn check(
    store: &Store,
    server: &OwnServer,
    seal: &Arc<SealKey>,
    domain: &str,
    tokens: &[String],
) -> anyhow::Result<Verification> {
    let snapshot = store.read(directory::load).await?;
    let domain = snapshot.domain(domain).cloned().context("the domain is gone")?;
    let (_directory, followed) = watch::channel(Arc::new(snapshot));
    let app = App::new(Parts {
        store: store.clone(),
        ids: Arc::new(Ids::take(store).await?),
        directory: followed,
        clock: Arc::new(SystemClock),
        seal: seal.clone(),
        outbound: Arc::new(koppeltaal_outbound::Clients::new(Default::default())?),
        metrics: Arc::new(Metrics::register(&mut Registry::default())),
        settings: AuthorizationSettings {
            public_url: server.url.clone(),
            access_token_lifetime: Duration::from_secs(300),
            signing_key_max_age: Duration::from_secs(86_400),
        },
    });
    let (first, rest) = tokens.split_first().context("there are no tokens")?;
    // The first loads the keys of the domain.
    once(&app, &domain, first).await?;
    let mut new = Vec::with_capacity(rest.len());
    for token in rest {
        new.push(once(&app, &domain, token).await?);
    }
    let mut known = Vec::with_capacity(CHECKS);
    for _ in 0..CHECKS {
        known.push(once(&app, &domain, first).await?);
    }
    Ok(Verification {
        known_p50_us: quantile(&mut known, 0.5),
        known_p99_us: quantile(&mut known, 0.99),
        new_p50_us: quantile(&mut new, 0.5),
    })
}

async fn once(app: &App, domain: &Domain, token: &str) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let access = app.access(domain, token).await;
    let took = started.elapsed();
    access.map_err(|why| anyhow!("the token is not accepted: {why:?}"))?;
    Ok(took)
}

/// The time below which this share of all lies, in microseconds.
fn quantile(times: &mut [Duration], share: f64) -> f64 {
    times.sort_unstable();
    let place = (share * times.len() as f64) as usize;
    let time = times.get(place.min(times.len().saturating_sub(1)));
    time.map_or(0.0, |time| time.as_nanos() as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_values() {
        let mut times: Vec<Duration> = (1..=100).rev().map(Duration::from_micros).collect();
        assert_eq!((quantile(&mut times, 0.5), quantile(&mut times, 0.99)), (51.0, 100.0));
        assert_eq!(quantile(&mut [], 0.5), 0.0);
    }
}
