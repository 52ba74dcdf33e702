//! Subscriptions: every write is asked which of them it matches, before its
//! transaction where nothing else has to be looked up, and their notifications are
//! written in it (TOP-KT-006; decisions on hooks and narrowing).
//!
//! Each process has the subscriptions of a domain in memory and follows their
//! counter. A transaction compares it and reads what it has not seen, so that a
//! subscription that was answered fires for every write that begins afterwards, in
//! every process.

mod anchor;
mod content;
mod criteria;
mod fill;
mod follow;
mod index;
mod keep;
mod owner;
mod registry;
mod watcher;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use koppeltaal_core::Result;
use koppeltaal_core::directory::Domain;
use koppeltaal_store::Store;
use koppeltaal_store::subscription::{self, Watch};
use tokio::sync::Mutex;

pub use content::{ON_DELETE, end};
pub use criteria::kind_of;
pub use fill::fill;
pub use follow::follow;
pub use keep::keep;
pub use watcher::{Cause, Looked, Told, Watcher, Writer};

use self::owner::Owners;
use self::registry::Registry;
use crate::catalog::Catalog;

/// Changes that are read at a time.
const PAGE: i64 = 500;

/// The subscriptions of all domains; clones share them.
#[derive(Clone, Default)]
pub struct Subscriptions(Arc<Shared>);

#[derive(Default)]
struct Shared {
    domains: RwLock<HashMap<i64, Arc<OfDomain>>>,
    counts: Counts,
    /// Wakes whoever delivers; without one they find out by themselves.
    wake: Option<Wake>,
}

/// Wakes the delivery.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// The subscriptions of a domain.
#[derive(Default)]
struct OfDomain {
    /// Absent until they were read.
    registry: RwLock<Option<Registry>>,
    owners: Owners,
    /// Held by whoever reads them: many may want them at once.
    reading: Mutex<()>,
}

#[derive(Debug, Default)]
struct Counts {
    matched: AtomicU64,
    unread: AtomicU64,
    unknown: AtomicU64,
}

/// What was counted in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// Notifications that were written.
    pub matched: u64,
    /// Notifications that were written although criteria can no longer be read.
    pub unread: u64,
    /// Notifications that were written although the directory does not know the
    /// subscriber, so that his rights could not be asked.
    pub unknown: u64,
}

impl fmt::Debug for Subscriptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriptions").field("counts", &self.0.counts).finish_non_exhaustive()
    }
}

impl Subscriptions {
    /// None yet; `wake` is called after each commit that wrote notifications.
    pub fn new(wake: Wake) -> Self {
        Self(Arc::new(Shared { wake: Some(wake), ..Shared::default() }))
    }

    /// What was counted.
    pub fn counts(&self) -> Snapshot {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let Counts { matched, unread, unknown } = &self.0.counts;
        Snapshot { matched: of(matched), unread: of(unread), unknown: of(unknown) }
    }

    /// Sees to it that the subscriptions of the domain are in memory, read by these
    /// definitions or newer ones.
    async fn ready(
        &self,
        store: &Store,
        domain: &Domain,
        catalog: &Arc<Catalog>,
        bases: &[String],
    ) -> Result<Arc<OfDomain>> {
        let own = self.of(domain.number);
        if own.version().is_some_and(|version| version >= catalog.version()) {
            return Ok(own);
        }
        let _alone = own.reading.lock().await;
        let (watches, counter) = match own.version() {
            Some(version) if version >= catalog.version() => return Ok(own.clone()),
            Some(_) => own.taken(),
            None => (Vec::new(), 0),
        };
        let (catalog, bases) = (catalog.clone(), Arc::from(bases));
        // Thousands of criteria take their time.
        let mut registry = tokio::task::spawn_blocking(move || {
            let mut registry = Registry::new(catalog, bases);
            registry.learn(&watches, counter);
            registry
        })
        .await
        .map_err(koppeltaal_core::Error::internal)?;
        while let Some(changes) = page(store, domain, registry.counter).await? {
            registry = tokio::task::spawn_blocking(move || {
                registry.learn(&changes, 0);
                registry
            })
            .await
            .map_err(koppeltaal_core::Error::internal)?;
        }
        *own.registry.write().unwrap_or_else(PoisonError::into_inner) = Some(registry);
        Ok(own.clone())
    }

    fn of(&self, domain: i64) -> Arc<OfDomain> {
        let known = self.0.domains.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = known.get(&domain) {
            return own.clone();
        }
        drop(known);
        let mut known = self.0.domains.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(domain).or_default().clone()
    }

    fn wake(&self) {
        if let Some(wake) = &self.0.wake {
            wake();
        }
    }
}

impl OfDomain {
    /// The version of the definitions that criteria were read by; absent until the
    /// subscriptions were.
    fn version(&self) -> Option<i64> {
        self.look(|registry| registry.catalog.version())
    }

    /// Looks at the subscriptions, unless they were not read yet.
    fn look<T>(&self, look: impl FnOnce(&Registry) -> T) -> Option<T> {
        self.registry.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(look)
    }

    fn taken(&self) -> (Vec<Watch>, i64) {
        self.look(|registry| (registry.watches(), registry.counter)).unwrap_or_default()
    }

    fn learn(&self, changes: &[Watch], seen: i64) {
        let mut registry = self.registry.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(registry) = registry.as_mut() {
            registry.learn(changes, seen);
        }
    }
}

/// The next changes after one; `None` when there are none.
async fn page(store: &Store, domain: &Domain, after: i64) -> Result<Option<Vec<Watch>>> {
    let read = store.scope(domain).read(move |tx| subscription::since(tx, after, PAGE)).await?;
    Ok((!read.is_empty()).then_some(read))
}
