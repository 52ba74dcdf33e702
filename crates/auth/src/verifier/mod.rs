//! Tells whether an instance's password is right without letting anybody buy
//! the processor with requests: argon2 runs behind a permit, what it said is
//! remembered for a while, and wrong passwords are throttled.

mod cache;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use koppeltaal_core::directory::ConnectedInstance;
use koppeltaal_core::{Error, Result, Timestamp};
use sha2::Sha256;
use tokio::sync::Semaphore;

use self::cache::{Cache, Key};
use crate::password::{self, NOBODY};
pub use crate::throttle::Limits;
use crate::throttle::{Guess, Throttle};

/// What bounds the work of a [`Verifier`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Argon2 runs at the same time (each takes 19 MiB and a core).
    pub at_once: usize,
    /// Different credentials that may wait for a run; more are turned away.
    pub waiting: usize,
    /// How long a verified credential is believed.
    pub remembered: Duration,
    /// Credentials that are remembered.
    pub most_remembered: usize,
    /// Wrong passwords that are let through.
    pub wrong: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            at_once: 2,
            waiting: 128,
            remembered: Duration::from_secs(600),
            most_remembered: 10_000,
            wrong: Limits { per_username: 20, per_address: 60 },
        }
    }
}

/// Credentials as a request brings them.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The user name.
    pub username: &'a str,
    /// The password.
    pub password: &'a str,
    /// Where the request comes from.
    pub address: IpAddr,
}

/// Verifies passwords of instances; one per process.
#[derive(Debug)]
pub struct Verifier {
    settings: Settings,
    /// Keys the cache with a secret of this process, useless outside it.
    mac: Hmac<Sha256>,
    memory: Arc<Memory>,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    flights: Mutex<HashMap<Key, Arc<tokio::sync::Mutex<()>>>>,
}

/// What argon2 has said. The threads it runs on write it down themselves, so a
/// caller who hangs up guesses no more cheaply than one who waits.
#[derive(Debug)]
struct Memory {
    right: Mutex<Cache>,
    wrong: Mutex<Cache>,
    throttle: Mutex<Throttle>,
    runs: AtomicUsize,
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Verifier {
    /// A verifier that remembers nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            mac: Hmac::new(&rand::random::<[u8; 64]>().into()),
            memory: Arc::new(Memory {
                right: Mutex::new(Cache::new(settings.most_remembered)),
                wrong: Mutex::new(Cache::new(settings.most_remembered)),
                throttle: Mutex::new(Throttle::new(settings.wrong)),
                runs: AtomicUsize::new(0),
            }),
            permits: Arc::new(Semaphore::new(settings.at_once.max(1))),
            waiting: AtomicUsize::new(0),
            flights: Mutex::new(HashMap::new()),
        }
    }

    /// How often argon2 has run.
    pub fn runs(&self) -> usize {
        self.memory.runs.load(Ordering::Relaxed)
    }

    /// Whether the password is that of `instance`, or, until its time is up,
    /// the one before. `instance` is the one with the user name of the attempt;
    /// `None` when there is none, which costs the same time and is `false`.
    /// Whether the instance may take part is the caller's question.
    ///
    /// [`Error::TooMany`] after too many wrong passwords for this user name from
    /// this address (or, when no instance has the user name, from this address),
    /// which never happens to a password that this process has seen to be right;
    /// [`Error::Unavailable`] when too many attempts wait.
    pub async fn verify(
        &self,
        instance: Option<&ConnectedInstance>,
        attempt: Attempt<'_>,
        now: Timestamp,
    ) -> Result<bool> {
        let candidates: Vec<(Key, String)> = hashes(instance, now)
            .into_iter()
            .map(|hash| (self.key(&attempt, hash), hash.to_owned()))
            .collect();
        if let Some(known) = self.remembered(&candidates, now) {
            return Ok(known);
        }
        // One run for all who bring the same credentials at the same time.
        let Some((first, _)) = candidates.first() else {
            return Ok(false);
        };
        let flight = Flight::join(&self.flights, *first);
        let _leader = flight.lock.lock().await;
        if let Some(known) = self.remembered(&candidates, now) {
            return Ok(known);
        }
        // Who was right before and only has to be checked again is not slowed
        // down by those who guess at the same address.
        let trusted =
            candidates.iter().any(|(key, _)| lock(&self.memory.right).learned(key).is_some());
        let guess =
            (!trusted).then(|| Guess::new(attempt.username, attempt.address, instance.is_some()));
        self.run(candidates, attempt.password.to_owned(), guess, now).await
    }

    /// What is known without argon2: right, or wrong against every hash.
    fn remembered(&self, candidates: &[(Key, String)], now: Timestamp) -> Option<bool> {
        let mut right = lock(&self.memory.right);
        let fresh = |at: Timestamp| now.since(at) < self.settings.remembered;
        if candidates.iter().any(|(key, _)| right.learned(key).is_some_and(fresh)) {
            return Some(true);
        }
        drop(right);
        let mut wrong = lock(&self.memory.wrong);
        candidates.iter().all(|(key, _)| wrong.learned(key).is_some()).then_some(false)
    }

    async fn run(
        &self,
        candidates: Vec<(Key, String)>,
        password: String,
        guess: Option<Guess>,
        now: Timestamp,
    ) -> Result<bool> {
        let allowed = || match &guess {
            Some(guess) => lock(&self.memory.throttle).check(guess, now),
            None => Ok(()),
        };
        allowed()?;
        let busy = || Error::Unavailable("Too many instances sign in at this moment".to_owned());
        let permit = {
            let _place = Place::take(&self.waiting, self.settings.waiting).ok_or_else(busy)?;
            let permits = Arc::clone(&self.permits);
            permits.acquire_owned().await.map_err(|_| busy())?
        };
        // Those who ran while this one waited may have emptied the bucket.
        allowed()?;
        let memory = Arc::clone(&self.memory);
        // The permit goes along: a caller who hangs up does not free the core.
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            memory.try_each(&candidates, &password, guess, now)
        })
        .await
        .map_err(Error::internal)?
    }

    fn key(&self, attempt: &Attempt<'_>, hash: &str) -> Key {
        let mut mac = self.mac.clone();
        for part in [attempt.username, attempt.password, hash] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

impl Memory {
    /// Runs argon2 against one hash after the other; only a password that fits
    /// none of them is charged for.
    fn try_each(
        &self,
        candidates: &[(Key, String)],
        password: &str,
        guess: Option<Guess>,
        now: Timestamp,
    ) -> Result<bool> {
        for (key, hash) in candidates {
            if lock(&self.wrong).learned(key).is_some() {
                continue;
            }
            self.runs.fetch_add(1, Ordering::Relaxed);
            let right = password::verify(password, hash)?;
            let cache = if right { &self.right } else { &self.wrong };
            lock(cache).insert(*key, now);
            if right {
                return Ok(true);
            }
        }
        if let Some(guess) = guess {
            lock(&self.throttle).charge(guess, now);
        }
        Ok(false)
    }
}

/// The hashes that a password may have now.
fn hashes(instance: Option<&ConnectedInstance>, now: Timestamp) -> Vec<&str> {
    let Some(instance) = instance.map(|connected| &connected.instance) else {
        return vec![NOBODY];
    };
    let previous = instance
        .previous_password_hash
        .as_deref()
        .filter(|_| instance.previous_password_until.is_some_and(|until| now < until));
    let mut hashes = vec![instance.password_hash.as_deref().unwrap_or(NOBODY)];
    hashes.extend(previous);
    hashes
}

/// A poisoned lock guards nothing but memories: go on with them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place among those who wait for a permit, given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, most: usize) -> Option<Self> {
        let place = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < most).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Everybody who waits for the same credentials; the last one out forgets it.
struct Flight<'a> {
    all: &'a Mutex<HashMap<Key, Arc<tokio::sync::Mutex<()>>>>,
    key: Key,
    lock: Arc<tokio::sync::Mutex<()>>,
}

impl<'a> Flight<'a> {
    fn join(all: &'a Mutex<HashMap<Key, Arc<tokio::sync::Mutex<()>>>>, key: Key) -> Self {
        let flight = Arc::clone(lock(all).entry(key).or_default());
        Self { all, key, lock: flight }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut all = lock(self.all);
        // The map's and ours.
        if Arc::strong_count(&self.lock) <= 2 {
            all.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests;
