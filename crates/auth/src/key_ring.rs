//! The signing keys of the domains: made on first use, kept sealed, replaced by
//! age or by command. A key is published before it signs, and stays published
//! until what it signed has expired (spec 4; T020).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use koppeltaal_core::audit::Entry;
use koppeltaal_core::directory::Domain;
use koppeltaal_core::{Clock, Error, Result, Timestamp};
use koppeltaal_store::authorization::{self, SigningKey};
use koppeltaal_store::{Ids, Store, audit};

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
    /// The key pair.
    pub signer: Arc<Signer>,
    /// Its public half, as a token is checked with it.
    pub public: Arc<KeySet>,
}

/// The keys of one domain that are not over, oldest first.
#[derive(Debug, Default)]
pub struct Keys(Vec<Key>);

impl Keys {
    /// The key that signs now.
    ///
    /// Where none has begun, because the clock of this process is behind or the
    /// earlier ones cannot be opened, the oldest that is there.
    fn signing(&self, now: Timestamp) -> Option<&Key> {
        let begun = self.published(now).filter(|key| key.signs_from <= now).last();
        begun.or_else(|| self.published(now).next())
    }

    /// The keys that others are to know now.
    pub fn published(&self, now: Timestamp) -> impl Iterator<Item = &Key> {
        self.0.iter().filter(move |key| key.published_until.is_none_or(|until| now < until))
    }

    /// The published key with this kid.
    pub fn by_kid(&self, kid: &str, now: Timestamp) -> Option<&Key> {
        self.published(now).find(|key| key.signer.kid() == kid)
    }
}

/// The number of the newest key ever.
fn last(rows: &[SigningKey]) -> i64 {
    rows.last().map_or(0, |row| row.number)
}

/// The keys of every domain this process has worked for.
pub struct KeyRing {
    store: Store,
    seal: Arc<SealKey>,
    clock: Arc<dyn Clock>,
    /// How long the tokens of a key live at most.
    lifetime: Duration,
    known: Mutex<Known>,
    /// One at a time for each domain: making a key takes a core for a while.
    loading: Mutex<HashMap<i64, Arc<tokio::sync::Mutex<()>>>>,
}

/// What is in memory. The turn rises when it is forgotten: what was read before
/// is not remembered after.
#[derive(Default)]
struct Known {
    turn: u64,
    keys: HashMap<i64, Arc<Keys>>,
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
        let (known, loading) = (Mutex::default(), Mutex::default());
        Self { store, seal, clock, lifetime, known, loading }
    }

    /// The key that signs now; made when the domain has none.
    pub async fn signing(&self, domain: &Domain) -> Result<Key> {
        let keys = self.keys(domain).await?;
        let key = keys.signing(self.clock.now()).cloned();
        key.ok_or_else(|| Error::internal("no signing key is in force"))
    }

    /// The keys of a domain; the first is made when there is none.
    pub async fn keys(&self, domain: &Domain) -> Result<Arc<Keys>> {
        if let Some(keys) = self.lock().keys.get(&domain.number) {
            return Ok(keys.clone());
        }
        let loading = {
            let mut all = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry(domain.number).or_default().clone()
        };
        let _loading = loading.lock().await;
        if let Some(keys) = self.lock().keys.get(&domain.number) {
            return Ok(keys.clone());
        }
        let turn = self.lock().turn;
        let (mut keys, last) = self.load(domain).await?;
        let now = self.clock.now();
        if keys.signing(now).is_none() {
            self.add(domain, last, now, now, now, None).await?;
            (keys, _) = self.load(domain).await?;
        }
        let keys = Arc::new(keys);
        let mut known = self.lock();
        if known.turn == turn {
            known.keys.insert(domain.number, keys.clone());
        }
        Ok(keys)
    }

    /// Forgets what is in memory: the store has something newer.
    pub fn forget(&self) {
        let mut known = self.lock();
        known.turn += 1;
        known.keys.clear();
    }

    /// Makes a new key that takes over. Tells its kid, or `None` when another
    /// process was faster. The earlier keys are not opened: this is also the way
    /// out when the seal key they were sealed with is lost.
    ///
    /// `entry` is recorded in the trail of the domain in the same transaction.
    pub async fn rotate(
        &self,
        domain: &Domain,
        rotation: Rotation,
        entry: Option<(Arc<Ids>, Entry)>,
    ) -> Result<Option<String>> {
        let rows = self.rows(domain).await?;
        let now = self.clock.now();
        let (signs_from, retired) = match rotation {
            Rotation::Smooth if !rows.is_empty() => {
                let signs_from = now.plus(PUBLISHED_AHEAD);
                (signs_from, signs_from.plus(self.lifetime).plus(LEEWAY))
            }
            Rotation::Smooth | Rotation::AtOnce => (now, now),
        };
        let made = self.add(domain, last(&rows), now, signs_from, retired, entry).await?;
        self.forget();
        Ok(made)
    }

    /// Replaces the key of a domain when it is older than `max_age`, and records it
    /// as [`KeyRing::rotate`] does.
    pub async fn rotate_by_age(
        &self,
        domain: &Domain,
        max_age: Duration,
        entry: Option<(Arc<Ids>, Entry)>,
    ) -> Result<bool> {
        let rows = self.rows(domain).await?;
        let is_due = rows.last().is_some_and(|row| self.clock.now().since(row.created) >= max_age);
        Ok(is_due && self.rotate(domain, Rotation::Smooth, entry).await?.is_some())
    }

    async fn rows(&self, domain: &Domain) -> Result<Vec<SigningKey>> {
        self.store.scope(domain).read(authorization::signing_keys).await
    }

    async fn load(&self, domain: &Domain) -> Result<(Keys, i64)> {
        let rows = self.rows(domain).await?;
        let now = self.clock.now();
        let last = last(&rows);
        // Of a key that is over the private half is gone.
        let in_force = |row: &SigningKey| row.published_until.is_none_or(|end| now < end);
        let is_any_in_force = rows.iter().any(in_force);
        let mut keys = Vec::new();
        for row in rows.into_iter().filter(in_force) {
            let signer = match self.open(&row) {
                Ok(signer) => Arc::new(signer),
                Err(error) => {
                    tracing::error!(
                        %error, domain = domain.name, kid = row.kid,
                        "a signing key cannot be used: set the seal_key back, or make a new key with `koppeltaal key rotate`"
                    );
                    continue;
                }
            };
            keys.push(Key {
                signs_from: row.signs_from,
                published_until: row.published_until,
                public: Arc::new(signer.public_keys()),
                signer,
            });
        }
        if keys.is_empty() && is_any_in_force {
            // To make one here would end the others, which another process may open.
            return Err(Error::internal("none of the signing keys of the domain can be opened"));
        }
        Ok((Keys(keys), last))
    }

    fn open(&self, row: &SigningKey) -> Result<Signer> {
        let bytes = STANDARD
            .decode(self.seal.open(&row.sealed)?)
            .map_err(|_| Error::internal("a signing key in the store is not base64"))?;
        Signer::from_pkcs8(&bytes)
    }

    async fn add(
        &self,
        domain: &Domain,
        last: i64,
        now: Timestamp,
        signs_from: Timestamp,
        retired: Timestamp,
        entry: Option<(Arc<Ids>, Entry)>,
    ) -> Result<Option<String>> {
        let signer =
            tokio::task::spawn_blocking(Signer::generate).await.map_err(Error::internal)??;
        let key = SigningKey {
            number: last + 1,
            kid: signer.kid().to_owned(),
            sealed: self.seal.seal(&STANDARD.encode(signer.to_pkcs8()?))?,
            created: now,
            signs_from,
            published_until: None,
        };
        let kid = key.kid.clone();
        let added = self
            .store
            .scope(domain)
            .write(move |tx| {
                let added = authorization::add_signing_key(tx, &key, retired)?;
                if let (true, Some((ids, entry))) = (added, &entry) {
                    let said = entry.detail.as_deref().unwrap_or("a signing key was made");
                    let detail = Some(format!("{said}: {}", key.kid));
                    audit::append(tx, ids, &[Entry { detail, ..entry.clone() }])?;
                }
                Ok(added)
            })
            .await?;
        if added {
            tracing::info!(domain = domain.name, kid, "a signing key was made");
        }
        Ok(added.then_some(kid))
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
