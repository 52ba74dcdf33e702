//! The definitions that a domain works with: what resources are validated,
//! indexed and searched by, and the resources that publish them.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_core::search::{IndexRow, Indexer, Words};
use koppeltaal_core::{Error, Result};
use koppeltaal_fhir::r4::definition::{Definitions, Overlay};
use koppeltaal_fhir::r4::package;
use koppeltaal_fhir::r4::search::{self, Parameters};
use koppeltaal_fhir::r4::validate::Compiled;
use koppeltaal_fhir::{Node, json};
use koppeltaal_store::resource::{self, Indexed, Stored};
use koppeltaal_store::{DomainTx, Store, definitions};
use tokio::sync::watch;

use crate::kind;
use crate::publication::Publication;

/// How often changes of definitions are looked for; they are in force within a
/// second.
const FOLLOW: Duration = Duration::from_millis(500);
/// Resources read at a time.
const PAGE: i64 = 200;

/// The definitions of a domain, ready for use.
pub struct Catalog {
    /// What resources are validated by.
    pub compiled: Compiled,
    /// What they are searched by.
    pub parameters: Parameters,
    /// What they are indexed by, when that is more: parameters on their way.
    indexed_by: Option<Parameters>,
    /// The resources that publish the definitions.
    published: Published,
}

/// Where the resources that publish definitions come from.
enum Published {
    /// They are part of the program.
    BuiltIn(OnceLock<Vec<Publication>>),
    /// The built-in ones, with these besides or in their place.
    With(Vec<Publication>),
}

impl Catalog {
    /// The definitions of a domain that has brought none of its own.
    pub fn built_in() -> Arc<Self> {
        static BUILT_IN: OnceLock<Arc<Catalog>> = OnceLock::new();
        let make = || {
            let definitions = koppeltaal_fhir::r4::profile::koppeltaal().clone();
            Arc::new(Self::of(definitions, None, Published::BuiltIn(OnceLock::new())))
        };
        BUILT_IN.get_or_init(make).clone()
    }

    fn of(definitions: Definitions, all: Option<Definitions>, published: Published) -> Self {
        Self {
            parameters: Parameters::new(&definitions),
            indexed_by: all.map(|all| Parameters::new(&all)),
            compiled: Compiled::new(definitions),
            published,
        }
    }

    /// The definitions as they were given.
    pub fn definitions(&self) -> &Definitions {
        self.compiled.definitions()
    }

    /// The resources that publish the definitions.
    pub fn publications(&self) -> &[Publication] {
        match &self.published {
            Published::BuiltIn(made) => made.get_or_init(|| self.built_in_publications()),
            Published::With(made) => made,
        }
    }

    fn built_in_publications(&self) -> Vec<Publication> {
        let all = package::koppeltaal_conformance().iter();
        all.filter_map(|resource| Publication::built_in(resource, self)).collect()
    }

    /// The searchable values of a resource. `base` is the FHIR base of the domain,
    /// which references may spell out.
    pub fn index(&self, resource: &Node, base: Option<&str>) -> Indexed {
        let parameters = self.indexed_by.as_ref().unwrap_or(&self.parameters);
        let found = search::index(resource, parameters, self.definitions(), base);
        let rows = found.rows.into_iter().map(|row| IndexRow {
            parameter: row.parameter,
            value: row.value,
            qualifier: row.qualifier,
        });
        let words = Words { narrative: found.words.narrative, content: found.words.content };
        Indexed { rows: rows.collect(), words }
    }

    /// Reads the definitions that a domain has brought; `None` when there are none.
    async fn load(store: &Store, domain: &Domain) -> Result<Option<Self>> {
        let (stored, unindexed) = stored(store, domain).await?;
        if stored.is_empty() {
            return Ok(None);
        }
        let mut own = Vec::new();
        for stored in &stored {
            own.push(json::parse(stored.render().as_bytes()).map_err(Error::internal)?);
        }
        let replaces = own.iter().any(is_koppeltaal);
        let core = Definitions::core();
        let under = match replaces {
            true => core.clone(),
            false => koppeltaal_fhir::r4::profile::koppeltaal().clone(),
        };
        let is_pending = |node: &&Node| {
            let url = node.get("url").and_then(Node::as_str);
            node.resource_type() == Some("SearchParameter")
                && url.is_some_and(|url| unindexed.iter().any(|pending| pending == url))
        };
        let (pending, ready): (Vec<&Node>, Vec<&Node>) = own.iter().partition(is_pending);
        let definitions = over(under, &ready)?;
        let all = match pending.is_empty() {
            true => None,
            false => Some(over(definitions.clone(), &pending)?),
        };
        let mut catalog = Self::of(definitions, all, Published::With(Vec::new()));
        let built_in = if replaces { Vec::new() } else { catalog.built_in_publications() };
        let own = stored.iter().zip(&own);
        let own = own.filter_map(|(stored, node)| Publication::stored(stored, node, &catalog));
        let mut published: Vec<Publication> = own.collect();
        let is_new = |one: &Publication| !published.iter().any(|own| own.is_in_place_of(one));
        let kept: Vec<Publication> = built_in.into_iter().filter(is_new).collect();
        published.extend(kept);
        catalog.published = Published::With(published);
        Ok(Some(catalog))
    }
}

/// Whether a resource is the guide of Koppeltaal, whose definitions then stand in the
/// place of the built-in ones; other packages lie over them.
fn is_koppeltaal(node: &Node) -> bool {
    node.resource_type() == Some("ImplementationGuide")
        && node.get("packageId").and_then(Node::as_str) == Some(&*package::koppeltaal().name)
}

/// Definitions with more on top.
fn over(below: Definitions, nodes: &[&Node]) -> Result<Definitions> {
    let nodes: Vec<Node> = nodes.iter().map(|node| (*node).clone()).collect();
    let overlay = Overlay::from_resources(&nodes, &below).map_err(Error::internal)?;
    Ok(below.with(overlay))
}

/// The definitions that a domain has stored, and its search parameters that do not
/// cover every resource yet.
async fn stored(store: &Store, domain: &Domain) -> Result<(Vec<Stored>, Vec<String>)> {
    let mut all = Vec::new();
    for kind in kind::CONFORMANCE {
        let mut after = 0;
        loop {
            let read = move |tx: &mut DomainTx<'_>| resource::of_type(tx, kind, after, PAGE);
            let page = store.scope(domain).read(read).await?;
            let Some(last) = page.last() else { break };
            after = last.stamp;
            all.extend(page);
        }
    }
    let unindexed = store.scope(domain).read(definitions::unindexed).await?;
    Ok((all, unindexed))
}

/// The catalogs of all domains.
#[derive(Clone, Default)]
pub struct Catalogs(Arc<RwLock<HashMap<i64, Arc<Catalog>>>>);

impl Catalogs {
    /// The catalog of a domain: its own, or what is built in.
    pub fn of(&self, domain: i64) -> Arc<Catalog> {
        let own = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&domain).cloned();
        own.unwrap_or_else(Catalog::built_in)
    }

    /// The catalogs of every domain, for a command that runs shortly.
    pub async fn of_all(store: &Store, directory: &Directory) -> Result<Self> {
        let all = Self::default();
        all.catch_up(store, directory, None).await?;
        Ok(all)
    }

    /// Reads the definitions of a domain anew.
    pub async fn load(&self, store: &Store, domain: &Domain) -> Result<Arc<Catalog>> {
        let catalog = Catalog::load(store, domain).await?.map(Arc::new);
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match &catalog {
            Some(catalog) => all.insert(domain.number, catalog.clone()),
            None => all.remove(&domain.number),
        };
        Ok(catalog.unwrap_or_else(Catalog::built_in))
    }

    /// Reads the definitions of every domain anew when any changed since `known`,
    /// and tells the number of this moment.
    pub async fn catch_up(
        &self,
        store: &Store,
        directory: &Directory,
        known: Option<i64>,
    ) -> Result<i64> {
        let version = store.read(definitions::version).await?;
        if known == Some(version) {
            return Ok(version);
        }
        for domain in directory.domains() {
            if let Err(error) = self.load(store, domain).await {
                tracing::error!(%error, domain = domain.name, "the definitions of the domain cannot be read; those in memory stand");
            }
        }
        Ok(version)
    }

    /// Follows changes of definitions in the store. Runs until dropped.
    pub async fn follow(
        self,
        store: Store,
        directory: watch::Receiver<Arc<Directory>>,
        mut known: i64,
    ) {
        loop {
            tokio::time::sleep(FOLLOW).await;
            let now = directory.borrow().clone();
            match self.catch_up(&store, &now, Some(known)).await {
                Ok(version) => known = version,
                Err(error) => {
                    tracing::warn!(%error, "definitions cannot be followed; those in memory stand")
                }
            }
        }
    }
}

impl Indexer for Catalogs {
    fn index(&self, domain: i64, text: &str) -> (Vec<IndexRow>, Words) {
        let Ok(resource) = json::parse(text.as_bytes()) else { return Default::default() };
        let indexed = self.of(domain).index(&resource, None);
        (indexed.rows, indexed.words)
    }
}
