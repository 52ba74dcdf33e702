//! The signing keys of the domains: made on first use, kept sealed, replaced by
//! age or by command. A key is published before it signs, and stays published
//! until what it signed has expired (spec 4; T020).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use koppeltaal_core::directory::Domain;
use koppeltaal_core::{Clock, Error, Result, Timestamp};
use koppeltaal_store::Store;
use koppeltaal_store::authorization::{self, SigningKey};

use crate::jose::{KeySet, Signer};
use crate::seal::SealKey;

/// How long others may keep our key set (`Cache-Control` of `jwks.json`).
pub const PUBLISHED_MAX_AGE: Duration = Duration::from_secs(30);
/// A new key is published for this long before it signs, so that who checks
/// signatures has it by then.
pub const PUBLISHED_AHEAD: Duration = Duration::from_secs(60);
/// What clocks of others may be off.
pub const LEEWAY: Duration = Duration::from_secs(60);
/// How long an id_token lasts.
pub const ID_TOKEN_LIFETIME: Duration = Duration::from_secs(300);

/// A signing key in memory.
#[derive(Debug, Clone)]
pub struct Key {
    signs_from: Timestamp,
    published_until: Option<Timestamp>,
    created: Timestamp,
    /// The key pair.
    pub signer: Arc<Signer>,
    /// Its public half, as a token is checked with it.
    pub public: Arc<KeySet>,
}

/// The keys of one domain that are not over, oldest first.
#[derive(Debug, Default)]
pub struct Keys {
    keys: Vec<Key>,
    /// The number of the newest key ever.
    last: i64,
}

impl Keys {
    /// The key that signs now.
    fn signing(&self, now: Timestamp) -> Option<&Key> {
        self.published(now).filter(|key| key.signs_from <= now).last()
    }

    /// The keys that others are to know now.
    pub fn published(&self, now: Timestamp) -> impl Iterator<Item = &Key> {
        self.keys.iter().filter(move |key| key.published_until.is_none_or(|until| now < until))
    }

    /// The published key with this kid.
    pub fn by_kid(&self, kid: &str, now: Timestamp) -> Option<&Key> {
        self.published(now).find(|key| key.signer.kid() == kid)
    }

    /// When the newest key was made.
    fn newest(&self) -> Option<Timestamp> {
        self.keys.last().map(|key| key.created)
    }
}

/// The keys of every domain this process has worked for.
pub struct KeyRing {
    store: Store,
    seal: Arc<SealKey>,
    clock: Arc<dyn Clock>,
    /// How long the tokens of a key live at most.
    lifetime: Duration,
    known: Mutex<HashMap<i64, Arc<Keys>>>,
    making: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").finish_non_exhaustive()
    }
}

/// How a key is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The new key is published first, and the old one until its tokens have
    /// expired: nobody notices.
    Smooth,
    /// The old key is worth nothing from now on: it may be in wrong hands.
    AtOnce,
}

impl KeyRing {
    /// A ring that knows no key yet; `lifetime` is that of an access token.
    pub fn new(
        store: Store,
        seal: Arc<SealKey>,
        clock: Arc<dyn Clock>,
        lifetime: Duration,
    ) -> Self {
        let lifetime = lifetime.max(ID_TOKEN_LIFETIME);
        let (known, making) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { store, seal, clock, lifetime, known, making }
    }

    /// The key that signs now; made when the domain has none.
    pub async fn signing(&self, domain: &Domain) -> Result<Key> {
        let keys = self.keys(domain).await?;
        let key = keys.signing(self.clock.now()).cloned();
        key.ok_or_else(|| Error::internal("no signing key is in force"))
    }

    /// The keys of a domain; the first is made when there is none.
    pub async fn keys(&self, domain: &Domain) -> Result<Arc<Keys>> {
        if let Some(keys) = self.lock().get(&domain.number) {
            return Ok(keys.clone());
        }
        // One at a time: making a key takes a core for a while.
        let _making = self.making.lock().await;
        if let Some(keys) = self.lock().get(&domain.number) {
            return Ok(keys.clone());
        }
        let mut keys = self.load(domain).await?;
        if keys.signing(self.clock.now()).is_none() {
            let now = self.clock.now();
            self.add(domain, &keys, now, now).await?;
            keys = self.load(domain).await?;
        }
        let keys = Arc::new(keys);
        self.lock().insert(domain.number, keys.clone());
        Ok(keys)
    }

    /// Forgets what is in memory: the store has something newer.
    pub fn forget(&self) {
        self.lock().clear();
    }

    /// Makes a new key that takes over. Tells its kid, or `None` when another
    /// process was faster.
    pub async fn rotate(&self, domain: &Domain, rotation: Rotation) -> Result<Option<String>> {
        let now = self.clock.now();
        let keys = self.load(domain).await?;
        let (signs_from, retired) = match rotation {
            _ if keys.keys.is_empty() => (now, now),
            Rotation::AtOnce => (now, now),
            Rotation::Smooth => {
                let signs_from = now.plus(PUBLISHED_AHEAD);
                (signs_from, signs_from.plus(self.lifetime).plus(LEEWAY))
            }
        };
        let made = self.add(domain, &keys, signs_from, retired).await?;
        self.forget();
        Ok(made)
    }

    /// Replaces the key of a domain when it is older than `max_age`.
    pub async fn rotate_by_age(&self, domain: &Domain, max_age: Duration) -> Result<bool> {
        let due = |keys: &Keys, now: Timestamp| {
            keys.newest().is_some_and(|made| now.since(made) >= max_age)
        };
        let keys = self.load(domain).await?;
        if !due(&keys, self.clock.now()) {
            return Ok(false);
        }
        Ok(self.rotate(domain, Rotation::Smooth).await?.is_some())
    }

    async fn load(&self, domain: &Domain) -> Result<Keys> {
        let rows = self.store.scope(domain).read(authorization::signing_keys).await?;
        let now = self.clock.now();
        let last = rows.last().map_or(0, |row| row.number);
        let mut keys = Vec::new();
        // Of a key that is over the private half is gone.
        for row in rows.into_iter().filter(|row| row.published_until.is_none_or(|end| now < end)) {
            let bytes = STANDARD
                .decode(self.seal.open(&row.sealed)?)
                .map_err(|_| Error::internal("a signing key in the store is not base64"))?;
            let signer = Arc::new(Signer::from_pkcs8(&bytes)?);
            keys.push(Key {
                signs_from: row.signs_from,
                published_until: row.published_until,
                created: row.created,
                public: Arc::new(signer.public_keys()),
                signer,
            });
        }
        Ok(Keys { keys, last })
    }

    async fn add(
        &self,
        domain: &Domain,
        keys: &Keys,
        signs_from: Timestamp,
        retired: Timestamp,
    ) -> Result<Option<String>> {
        let signer =
            tokio::task::spawn_blocking(Signer::generate).await.map_err(Error::internal)??;
        let key = SigningKey {
            number: keys.last + 1,
            kid: signer.kid().to_owned(),
            sealed: self.seal.seal(&STANDARD.encode(signer.to_pkcs8()?))?,
            created: self.clock.now(),
            signs_from,
            published_until: None,
        };
        let kid = key.kid.clone();
        let added = self
            .store
            .scope(domain)
            .write(move |tx| authorization::add_signing_key(tx, &key, retired))
            .await?;
        if added {
            tracing::info!(domain = domain.name, kid, "a signing key was made");
        }
        Ok(added.then_some(kid))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Arc<Keys>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
