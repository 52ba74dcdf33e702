//! What every endpoint of the authorization service works with.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_core::{Clock, Result, Timestamp};
use koppeltaal_outbound::Clients;
use koppeltaal_store::authorization::{self, Changes};
use koppeltaal_store::{Ids, Store, administrator};
use tokio::sync::watch;

use crate::bearer::Remembered;
use crate::client_keys::ClientKeys;
use crate::key_ring::KeyRing;
use crate::metrics::Metrics;
use crate::openid::IdentityProviders;
use crate::seal::SealKey;
use crate::throttle::{Guess, Limits, Throttle};
use crate::urls::Urls;

/// Attempts of a client and an address that may fail within a minute (decided: 20).
const FAILURES: Limits = Limits { per_username: 20, per_address: 60 };
/// How often the store is asked for new keys and revocations.
const FOLLOW: Duration = Duration::from_millis(250);
/// How often what is over is removed and keys are looked at.
const TIDY: Duration = Duration::from_secs(30);
/// How much longer than the token a used id is remembered: for bodies and key sets
/// that arrive slowly, and for processes whose clocks differ.
const REMEMBERED: Duration = Duration::from_secs(300);
/// How many rows one transaction removes.
const FORGOTTEN_AT_ONCE: i64 = 500;

/// What an operator sets.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The URL under which clients reach this server, without a final slash.
    pub public_url: String,
    /// How long an access token lasts.
    pub access_token_lifetime: Duration,
    /// How old a signing key gets.
    pub signing_key_max_age: Duration,
}

/// What the program hands to [`App::new`].
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The keys of this process.
    pub ids: Arc<Ids>,
    /// The directory, always the newest this process knows.
    pub directory: watch::Receiver<Arc<Directory>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The seal over keys and sessions.
    pub seal: Arc<SealKey>,
    /// How this server calls out.
    pub outbound: Arc<Clients>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Settings.
    pub settings: Settings,
}

/// The authorization service: shared by every request.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What a failed attempt is counted for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Counted<'a> {
    /// A client, by the name it gives.
    Client(&'a str),
    /// A launch that was verified: by itself, so that others cannot use its share up.
    Launch(&'a str),
}

/// The revoked tokens that have not expired.
#[derive(Debug, Default)]
struct Revoked {
    tokens: HashSet<(i64, String)>,
    /// How often one was revoked in this process.
    noted: u64,
}

/// What is behind an [`App`].
pub struct Inner {
    pub(crate) parts: Parts,
    pub(crate) keys: KeyRing,
    pub(crate) client_keys: ClientKeys,
    pub(crate) providers: IdentityProviders,
    pub(crate) remembered: Remembered,
    failures: Mutex<Throttle>,
    revoked: RwLock<Revoked>,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Puts the service together.
    pub fn new(parts: Parts) -> Self {
        let keys = KeyRing::new(
            parts.store.clone(),
            parts.seal.clone(),
            parts.clock.clone(),
            parts.settings.access_token_lifetime,
        );
        let client_keys = ClientKeys::new(parts.outbound.clone(), parts.clock.clone());
        let providers =
            IdentityProviders::new(parts.outbound.clone(), parts.clock.clone(), parts.seal.clone());
        Self(Arc::new(Inner {
            keys,
            client_keys,
            providers,
            remembered: Remembered::default(),
            failures: Mutex::new(Throttle::new(FAILURES)),
            revoked: RwLock::default(),
            parts,
        }))
    }

    /// Follows keys and revocations of other processes, four times a second, so
    /// that each is in force everywhere within a second. Runs until dropped.
    pub async fn follow(self) {
        let mut known = None;
        let mut failing = false;
        loop {
            match self.take_changes(&mut known).await {
                Ok(()) => failing = false,
                Err(error) if !failing => {
                    failing = true;
                    tracing::warn!(%error, "keys and revocations cannot be followed; those in memory stand");
                }
                Err(_) => {}
            }
            tokio::time::sleep(FOLLOW).await;
        }
    }

    /// Removes what is over and replaces keys by age. Runs until dropped; several
    /// processes do no harm to each other.
    pub async fn tidy(self) {
        loop {
            if let Err(error) = self.tidy_once().await {
                tracing::warn!(%error, "used tokens and sessions could not be tidied up");
            }
            tokio::time::sleep(TIDY).await;
        }
    }
}

impl Inner {
    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// The directory as this process knows it now.
    pub fn directory(&self) -> Arc<Directory> {
        self.parts.directory.borrow().clone()
    }

    /// The URLs of a domain.
    pub fn urls(&self, domain: &Domain) -> Urls {
        Urls::of(&self.parts.settings.public_url, domain)
    }

    /// Whether a token of this service was revoked.
    pub fn is_revoked(&self, domain: i64, jti: &str) -> bool {
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        !revoked.tokens.is_empty() && revoked.tokens.contains(&(domain, jti.to_owned()))
    }

    /// A token was revoked here; other processes follow.
    pub(crate) fn note_revoked(&self, domain: i64, jti: String) {
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        revoked.noted += 1;
        revoked.tokens.insert((domain, jti));
    }

    /// An attempt failed. Tells how long to wait when too many did.
    pub(crate) fn failed(
        &self,
        counted: Counted<'_>,
        address: IpAddr,
        now: Timestamp,
    ) -> Option<Duration> {
        // What a caller sends as its name takes no more memory than a name. Whether
        // there is such a client makes no difference that could be seen.
        let name: String = match counted {
            Counted::Client(name) => name.chars().take(64).collect(),
            Counted::Launch(trace) => format!("launch {trace}").chars().take(80).collect(),
        };
        let guess = Guess::new(&name, address, true);
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = failures.wait(&guess, now);
        if wait > Duration::ZERO {
            return Some(wait);
        }
        failures.charge(guess, now);
        None
    }

    /// Takes over the revocations that the store has: to be called before the first
    /// request is served.
    pub async fn catch_up(&self) -> Result<()> {
        self.take_changes(&mut None).await
    }

    async fn take_changes(&self, known: &mut Option<Changes>) -> Result<()> {
        let changes = self.parts.store.read(authorization::changes).await?;
        if known.is_none_or(|known| known.keys != changes.keys) {
            self.keys.forget();
        }
        if known.is_none_or(|known| known.revocations != changes.revocations) {
            self.take_revocations().await?;
        }
        *known = Some(changes);
        Ok(())
    }

    async fn take_revocations(&self) -> Result<()> {
        let now = self.now();
        let noted = self.revoked.read().unwrap_or_else(PoisonError::into_inner).noted;
        let read = self.parts.store.read(move |tx| authorization::revoked_tokens(tx, now)).await?;
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        if revoked.noted == noted {
            revoked.tokens.clear();
        }
        // What was revoked here meanwhile the read may have missed: it stays.
        revoked.tokens.extend(read);
        Ok(())
    }

    async fn tidy_once(&self) -> Result<()> {
        let now = self.now().minus(REMEMBERED);
        let store = &self.parts.store;
        while store
            .write(move |tx| authorization::forget_expired(tx, now, FORGOTTEN_AT_ONCE))
            .await?
            >= u64::try_from(FORGOTTEN_AT_ONCE).unwrap_or(u64::MAX)
        {}
        let present = self.now();
        store.write(move |tx| administrator::forget_expired(tx, present)).await?;
        for domain in self.directory().domains().iter().filter(|domain| domain.active) {
            let max_age = self.parts.settings.signing_key_max_age;
            let detail = Some("the signing key was replaced because of its age".to_owned());
            let entry =
                Entry { detail, ..Entry::new(Action::Administration, self.now(), "server") };
            let entry = (self.parts.ids.clone(), entry);
            if let Err(error) = self.keys.rotate_by_age(domain, max_age, Some(entry)).await {
                tracing::warn!(%error, domain = domain.name, "a signing key could not be replaced");
            }
        }
        Ok(())
    }
}
