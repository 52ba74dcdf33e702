//! The key set at one URL. One fetch at a time, by a task of its own, so that it
//! ends and is remembered even when whoever asked has gone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use koppeltaal_core::directory::Domain;
use koppeltaal_core::{Clock, Timestamp};
use koppeltaal_outbound::Clients;
use tokio::sync::Mutex as Gate;

use super::freshness::lifetime;
use crate::jose::{KeySet, MAX_JWKS};

/// A kid that is not in the set is looked for once in this time.
const UNKNOWN_PAUSE: Duration = Duration::from_secs(60);

/// A publisher that is down is asked again after this time.
const FAILED_PAUSE: Duration = Duration::from_secs(10);

/// A failure says nothing any more about a publisher that nobody has asked for
/// this time.
const FAILURE_FADES: Duration = Duration::from_secs(60);

const ACCEPT: &str = "application/jwk-set+json, application/json";

/// What is known of the key set at one URL.
#[derive(Debug)]
pub(super) struct Published {
    url: String,
    state: Mutex<State>,
    /// Held while it is fetched.
    gate: Arc<Gate<()>>,
}

#[derive(Debug, Default)]
struct State {
    /// What was fetched last, and from when until when it is fresh.
    keys: Option<(Arc<KeySet>, Timestamp, Timestamp)>,
    /// When the last fetch failed, and why.
    failed: Option<(Timestamp, String)>,
    /// When a fetch for an unknown kid last began.
    unknown: Option<Timestamp>,
    /// Fetches that have ended.
    fetched: u64,
}

/// What to do for a token.
enum Next {
    /// These keys are good.
    Use(Arc<KeySet>),
    /// These keys are good until there are better ones, which may be asked for.
    UseAndFetch(Arc<KeySet>),
    /// There are none, and it is too early to ask again.
    Fail(String),
    /// Wait for a fetch.
    Fetch,
}

impl Published {
    pub(super) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), state: Mutex::default(), gate: Arc::default() }
    }

    /// The keys for a token with this `kid`.
    pub(super) async fn keys(
        self: Arc<Self>,
        kid: Option<&str>,
        domain: &Arc<Domain>,
        outbound: &Arc<Clients>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Arc<KeySet>, String> {
        let (next, seen) = {
            let state = self.state();
            (state.next(kid, clock.now()), state.fetched)
        };
        match next {
            Next::Use(keys) => return Ok(keys),
            Next::Fail(why) => return Err(why),
            Next::UseAndFetch(keys) => {
                if let Ok(turn) = Arc::clone(&self.gate).try_lock_owned() {
                    let (domain, outbound, clock) =
                        (Arc::clone(domain), Arc::clone(outbound), Arc::clone(clock));
                    tokio::spawn(async move {
                        self.fetch(&domain, &outbound, &*clock).await;
                        drop(turn);
                    });
                }
                return Ok(keys);
            }
            Next::Fetch => {}
        }
        let turn = Arc::clone(&self.gate).lock_owned().await;
        {
            let mut state = self.state();
            // What was fetched while this waited is as good as its own.
            if state.fetched != seen {
                return state.last();
            }
            if state
                .keys
                .as_ref()
                .is_some_and(|(_, from, until)| is_within(clock.now(), *from, *until))
            {
                state.unknown = Some(clock.now());
            }
        }
        let (domain, outbound, clock) =
            (Arc::clone(domain), Arc::clone(outbound), Arc::clone(clock));
        let fetching = tokio::spawn(async move {
            self.fetch(&domain, &outbound, &*clock).await;
            drop(turn);
            self.state().last()
        });
        fetching.await.map_err(|failure| format!("the fetch broke off: {failure}"))?
    }

    /// Fetches now, whatever is kept. Unlike [`Published::keys`] it gives no keys
    /// of before when that fails.
    pub(super) async fn fetch_now(
        &self,
        domain: &Domain,
        outbound: &Clients,
        clock: &Arc<dyn Clock>,
    ) -> Result<Arc<KeySet>, String> {
        let _turn = self.gate.lock().await;
        self.fetch(domain, outbound, &**clock).await;
        let state = self.state();
        match &state.failed {
            Some((_, why)) => Err(why.clone()),
            None => state.last(),
        }
    }

    /// Fetches, and notes how it went. The caller holds the gate.
    async fn fetch(&self, domain: &Domain, outbound: &Clients, clock: &dyn Clock) {
        let fetched = self.get(domain, outbound).await;
        let now = clock.now();
        let mut state = self.state();
        state.fetched += 1;
        match fetched {
            Ok((keys, lifetime)) => {
                state.keys = Some((Arc::new(keys), now, now.plus(lifetime)));
                state.failed = None;
            }
            Err(why) => {
                let url = &self.url;
                tracing::warn!(url, error = why, kept = state.keys.is_some(), "no key set");
                state.failed = Some((now, why));
            }
        }
    }

    async fn get(&self, domain: &Domain, outbound: &Clients) -> Result<(KeySet, Duration), String> {
        let answer = outbound.get(&self.url, domain, ACCEPT, MAX_JWKS).await?;
        if answer.status != http::StatusCode::OK {
            return Err(format!("the key set's URL answered {}", answer.status.as_u16()));
        }
        let keys = KeySet::from_jwks(&answer.body)
            .map_err(|refused| format!("the fetched key set {refused}"))?;
        Ok((keys, lifetime(&answer.headers)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next(&self, kid: Option<&str>, now: Timestamp) -> Next {
        let failed = self.failed.as_ref();
        let recently = |at: Timestamp, pause: Duration| is_within(now, at, at.plus(pause));
        let failed_within = |pause| failed.is_some_and(|(at, _)| recently(*at, pause));
        match &self.keys {
            None => match failed {
                Some((_, why)) if failed_within(FAILED_PAUSE) => Next::Fail(why.clone()),
                _ => Next::Fetch,
            },
            Some((keys, from, until)) if is_within(now, *from, *until) => {
                let known = kid.is_none_or(|kid| keys.has(kid));
                if known || self.unknown.is_some_and(|at| recently(at, UNKNOWN_PAUSE)) {
                    Next::Use(Arc::clone(keys))
                } else {
                    Next::Fetch
                }
            }
            Some((keys, ..)) if failed_within(FAILED_PAUSE) => Next::Use(Arc::clone(keys)),
            // It was down when last asked: nobody waits to learn that it still is.
            Some((keys, ..)) if failed_within(FAILURE_FADES) => Next::UseAndFetch(Arc::clone(keys)),
            Some(_) => Next::Fetch,
        }
    }

    /// The keys that were fetched last, or why there are none.
    fn last(&self) -> Result<Arc<KeySet>, String> {
        match (&self.keys, &self.failed) {
            (Some((keys, ..)), _) => Ok(Arc::clone(keys)),
            (None, Some((_, why))) => Err(why.clone()),
            (None, None) => Err("no key set was fetched".to_owned()),
        }
    }
}

/// Whether a moment is in a span. A clock that was set back is in none.
fn is_within(now: Timestamp, from: Timestamp, until: Timestamp) -> bool {
    from <= now && now < until
}
