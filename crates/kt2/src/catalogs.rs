//! The catalogs of all domains in memory, and how they follow the store: each is
//! read anew when its own definitions have changed, and only then.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_core::search::{IndexRow, Indexer, Words};
use koppeltaal_core::{Error, Result};
use koppeltaal_fhir::json;
use koppeltaal_store::{Store, definitions};
use tokio::sync::{Mutex, watch};
use tokio::time::sleep;

use crate::catalog::Catalog;

/// How often changes of definitions are looked for; they are in force within a
/// second.
const FOLLOW: Duration = Duration::from_millis(500);
/// How long definitions that cannot be read are left alone while they stay as they
/// are.
const RETRY: Duration = Duration::from_secs(10);

/// The catalogs of all domains, by their numbers.
#[derive(Clone, Default)]
pub struct Catalogs(Arc<RwLock<HashMap<i64, Kept>>>);

/// What is known of a domain.
#[derive(Clone, Default)]
struct Kept {
    /// Absent: what is built in.
    catalog: Option<Arc<Catalog>>,
    /// The version that could not be read, and when that was.
    failed: Option<(i64, Instant)>,
    /// Held by whoever reads the definitions: many may want them at once.
    reading: Arc<Mutex<()>>,
}

impl Kept {
    fn version(&self) -> i64 {
        self.catalog.as_ref().map_or(0, |catalog| catalog.version())
    }

    /// Whether this version is to be read.
    fn lacks(&self, version: i64) -> bool {
        let is_left = |(failed, at): &(i64, Instant)| *failed == version && at.elapsed() < RETRY;
        self.version() != version && !self.failed.as_ref().is_some_and(is_left)
    }
}

impl Catalogs {
    /// The catalog of a domain: its own, or what is built in.
    pub fn of(&self, domain: i64) -> Arc<Catalog> {
        let own = self.read().get(&domain).and_then(|kept| kept.catalog.clone());
        own.unwrap_or_else(Catalog::built_in)
    }

    /// The catalogs of every domain, for a command that runs shortly.
    pub async fn of_all(store: &Store, directory: &Directory) -> Result<Self> {
        let all = Self::default();
        all.catch_up(store, directory).await?;
        Ok(all)
    }

    /// The catalog of a domain whose definitions turned out to be others than those
    /// `known` has.
    pub async fn newer(
        &self,
        store: &Store,
        domain: &Domain,
        known: &Catalog,
    ) -> Result<Arc<Catalog>> {
        let reading = self.kept(domain.number).reading;
        let _alone = reading.lock().await;
        let current = self.of(domain.number);
        if current.version() != known.version() {
            return Ok(current);
        }
        let catalog = Catalog::load(store, domain).await?;
        self.change(domain.number, |kept| kept.catalog = Some(catalog.clone()));
        Ok(catalog)
    }

    /// Reads the definitions of the domains where they have changed. Fails when
    /// some cannot be read: those in memory stand there, and the others are read
    /// all the same.
    pub async fn catch_up(&self, store: &Store, directory: &Directory) -> Result<()> {
        let versions = store.read(definitions::versions).await?;
        let mut failed = Vec::new();
        for domain in directory.domains() {
            let version = versions.get(&domain.number).copied().unwrap_or_default();
            if self.kept(domain.number).lacks(version)
                && let Err(error) = self.catch_up_to(store, domain, version).await
            {
                failed.push(format!("{}: {error}", domain.name));
            }
        }
        match failed.is_empty() {
            true => Ok(()),
            false => Err(Error::Internal(format!(
                "the definitions of a domain cannot be read: {}",
                failed.join("; ")
            ))),
        }
    }

    async fn catch_up_to(&self, store: &Store, domain: &Domain, version: i64) -> Result<()> {
        let reading = self.kept(domain.number).reading;
        let _alone = reading.lock().await;
        if self.kept(domain.number).version() == version {
            return Ok(());
        }
        let read = Catalog::load(store, domain).await;
        self.change(domain.number, |kept| match &read {
            Ok(catalog) => {
                (kept.catalog, kept.failed) = (Some(catalog.clone()), None);
            }
            Err(_) => kept.failed = Some((version, Instant::now())),
        });
        read.map(drop)
    }

    /// Follows changes of definitions in the store, of domains that come later too.
    /// Runs until dropped.
    pub async fn follow(self, store: Store, directory: watch::Receiver<Arc<Directory>>) {
        loop {
            sleep(FOLLOW).await;
            let now = directory.borrow().clone();
            if let Err(error) = self.catch_up(&store, &now).await {
                tracing::error!(%error, "definitions cannot be followed; those in memory stand");
            }
        }
    }

    fn kept(&self, domain: i64) -> Kept {
        self.write().entry(domain).or_default().clone()
    }

    fn change(&self, domain: i64, change: impl FnOnce(&mut Kept)) {
        change(self.write().entry(domain).or_default());
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<i64, Kept>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<i64, Kept>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Indexer for Catalogs {
    fn index(&self, domain: i64, text: &str) -> (Vec<IndexRow>, Words) {
        let Ok(resource) = json::parse(text.as_bytes()) else { return Default::default() };
        let indexed = self.of(domain).index(&resource, None);
        (indexed.rows, indexed.words)
    }
}

#[cfg(test)]
mod tests;
