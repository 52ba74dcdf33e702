//! The key set at one URL. One fetch at a time, by a task of its own, so that it
//! ends and is remembered even when whoever asked has gone. An outage is no
//! revocation and a set that is taken away is one (kt2-auth 1.4).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
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

/// For this long after it was last fetched, a key set is used while its publisher
/// is down. Nobody can revoke a key in that time, so it ends.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// More than a key set is: the page that an error comes with is read too, so that
/// a long one is not taken for an outage.
const LARGEST_ANSWER: usize = 4 * MAX_JWKS;

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
    /// What was fetched last, unless it was taken away since.
    held: Option<Held>,
    /// When the last fetch failed, and why.
    failed: Option<(Timestamp, String)>,
    /// When a fetch for an unknown kid last began.
    unknown: Option<Timestamp>,
    /// Fetches that have ended.
    fetched: u64,
}

#[derive(Debug)]
struct Held {
    keys: Arc<KeySet>,
    /// When it was fetched.
    from: Timestamp,
    /// Until when it is fresh.
    until: Timestamp,
}

/// Why a fetch gave no key set.
enum Failure {
    /// The publisher is down or wants to be left alone, which says nothing of the
    /// keys.
    Down(String),
    /// There is no key set any more: no key of before is to be trusted.
    Withdrawn(String),
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
            let now = clock.now();
            if state.fetched != seen {
                return state.last(now);
            }
            if state.held.as_ref().is_some_and(|held| held.is_fresh(now)) {
                state.unknown = Some(now);
            }
        }
        let (domain, outbound, clock) =
            (Arc::clone(domain), Arc::clone(outbound), Arc::clone(clock));
        let fetching = tokio::spawn(async move {
            self.fetch(&domain, &outbound, &*clock).await;
            drop(turn);
            self.state().last(clock.now())
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
            None => state.last(clock.now()),
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
                let keys = Arc::new(keys);
                state.held = Some(Held { keys, from: now, until: now.plus(lifetime) });
                state.failed = None;
            }
            Err(failure) => {
                let why = state.give_up(failure, now);
                let url = &self.url;
                tracing::warn!(url, error = why, kept = state.held.is_some(), "no key set");
                state.failed = Some((now, why));
            }
        }
    }

    async fn get(
        &self,
        domain: &Domain,
        outbound: &Clients,
    ) -> Result<(KeySet, Duration), Failure> {
        let answer =
            outbound.get(&self.url, domain, ACCEPT, LARGEST_ANSWER).await.map_err(Failure::Down)?;
        let status = answer.status;
        if status != StatusCode::OK {
            let why = format!("the key set's URL answered {}", status.as_u16());
            let patience = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
            let none = status.is_success() || status.is_client_error();
            return Err(if none && !patience.contains(&status) {
                Failure::Withdrawn(why)
            } else {
                Failure::Down(why)
            });
        }
        let keys = KeySet::from_jwks(&answer.body)
            .map_err(|refused| Failure::Withdrawn(format!("the fetched key set {refused}")))?;
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
        match self.held.as_ref().filter(|held| held.is_kept(now)) {
            None => match failed {
                Some((_, why)) if failed_within(FAILED_PAUSE) => Next::Fail(why.clone()),
                _ => Next::Fetch,
            },
            Some(held) if held.is_fresh(now) => {
                let known = kid.is_none_or(|kid| held.keys.has(kid));
                if known || self.unknown.is_some_and(|at| recently(at, UNKNOWN_PAUSE)) {
                    Next::Use(Arc::clone(&held.keys))
                } else {
                    Next::Fetch
                }
            }
            Some(held) if failed_within(FAILED_PAUSE) => Next::Use(Arc::clone(&held.keys)),
            // It was down when last asked: nobody waits to learn that it still is.
            Some(held) if failed_within(FAILURE_FADES) => Next::UseAndFetch(Arc::clone(&held.keys)),
            Some(_) => Next::Fetch,
        }
    }

    /// Lets go of what may be used no more after this failure, and says why.
    fn give_up(&mut self, failure: Failure, now: Timestamp) -> String {
        match failure {
            Failure::Withdrawn(why) => {
                self.held = None;
                why
            }
            Failure::Down(why) => {
                self.held.take_if(|held| !held.is_kept(now));
                if let Some(held) = &mut self.held
                    && now < held.from
                {
                    // The clock was set back: the time that is left counts from here.
                    (held.from, held.until) = (now, now);
                }
                why
            }
        }
    }

    /// The keys that were fetched last, or why there are none.
    fn last(&self, now: Timestamp) -> Result<Arc<KeySet>, String> {
        match (&self.held, &self.failed) {
            (Some(held), _) if held.is_kept(now) => Ok(Arc::clone(&held.keys)),
            (_, Some((_, why))) => Err(why.clone()),
            (_, None) => Err("no key set was fetched".to_owned()),
        }
    }
}

impl Held {
    fn is_fresh(&self, now: Timestamp) -> bool {
        is_within(now, self.from, self.until)
    }

    /// Whether it may be used while its publisher is down.
    fn is_kept(&self, now: Timestamp) -> bool {
        now < self.from.plus(KEPT)
    }
}

/// Whether a moment is in a span. A clock that was set back is in none.
fn is_within(now: Timestamp, from: Timestamp, until: Timestamp) -> bool {
    from <= now && now < until
}
