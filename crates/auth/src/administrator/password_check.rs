//! Passwords of administrators: argon2id outside of async threads, two at a time,
//! remembered for a minute so that a script with Basic does not cost one run for
//! each request.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::hmac;
use koppeltaal_core::administrator::check_password;
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::administrator::Account;
use rand::RngExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::password;

/// Runs of argon2 at the same time.
const AT_ONCE: usize = 2;
/// Requests that wait for one.
const WAITING: usize = 32;
/// How long a verified password is remembered.
const REMEMBERED: Duration = Duration::from_secs(60);
/// How many are.
const MOST_REMEMBERED: usize = 256;

/// What a check came to.
pub(super) struct Verdict {
    /// Whether the password is right.
    pub right: bool,
    /// Whether that was known already.
    pub remembered: bool,
}

pub(super) struct PasswordCheck {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    key: hmac::Key,
    right: Mutex<HashMap<[u8; 32], Timestamp>>,
}

impl Default for PasswordCheck {
    fn default() -> Self {
        let key: [u8; 32] = rand::rng().random();
        Self {
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: AtomicUsize::new(0),
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            right: Mutex::default(),
        }
    }
}

impl PasswordCheck {
    /// A turn to check a password. Accounts are read after it is given, so that
    /// guesses at the same time cannot overtake the lock.
    pub(super) async fn permit(&self) -> Result<OwnedSemaphorePermit> {
        let busy = || Error::Unavailable("Too many sign in at this moment".to_owned());
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(busy());
        }
        let permit = self.permits.clone().acquire_owned().await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        permit.map_err(|_| busy())
    }

    /// Whether the password has this hash. Without a hash nobody has it, and that
    /// takes as long.
    pub(super) async fn verify(
        &self,
        permit: OwnedSemaphorePermit,
        login: &str,
        password: String,
        hash: Option<String>,
        now: Timestamp,
    ) -> Result<Verdict> {
        let known = hash.as_deref().map(|hash| self.name(login, &password, hash));
        if let Some(known) = &known
            && self.is_remembered(known, now)
        {
            return Ok(Verdict { right: true, remembered: true });
        }
        let right = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let exists = hash.is_some();
            let fits = password::verify(&password, hash.as_deref().unwrap_or(password::NOBODY))?;
            Ok::<bool, Error>(exists && fits)
        })
        .await
        .map_err(Error::internal)??;
        if let Some(known) = known.filter(|_| right) {
            self.remember(known, now);
        }
        Ok(Verdict { right, remembered: false })
    }

    fn is_remembered(&self, known: &[u8; 32], now: Timestamp) -> bool {
        let right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        right.get(known).is_some_and(|at| now.since(*at) < REMEMBERED)
    }

    fn remember(&self, known: [u8; 32], now: Timestamp) {
        let mut right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        if right.len() >= MOST_REMEMBERED {
            right.clear();
        }
        right.insert(known, now);
    }

    /// A name for login, password and hash together: another password has another
    /// hash, so what was remembered of the one before means nothing.
    fn name(&self, login: &str, password: &str, hash: &str) -> [u8; 32] {
        let mut mac = hmac::Context::with_key(&self.key);
        for part in [login, password, hash] {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        let mut name = [0; 32];
        name.copy_from_slice(mac.sign().as_ref());
        name
    }
}

/// The hash of a new password of an account, or why it cannot be one. Takes up to
/// a second: not for an async thread.
pub fn hash_new(password_text: &str, login: &str, account: Option<&Account>) -> Result<String> {
    check_password(password_text, login)?;
    let used = account
        .into_iter()
        .flat_map(|account| account.password_hash.iter().chain(account.history.iter()));
    for hash in used {
        if password::verify(password_text, hash)? {
            return Err(Error::Invalid("the password was used before: take another".to_owned()));
        }
    }
    password::hash(password_text)
}
