//! The definitions that a domain works with: what resources are validated,
//! indexed and searched by, and the resources that publish them.

use std::sync::{Arc, OnceLock};

use koppeltaal_core::directory::Domain;
use koppeltaal_core::search::{IndexRow, Words};
use koppeltaal_core::{Error, Result};
use koppeltaal_fhir::r4::definition::{Definitions, Overlay};
use koppeltaal_fhir::r4::package;
use koppeltaal_fhir::r4::search::{self, Parameters};
use koppeltaal_fhir::r4::validate::Compiled;
use koppeltaal_fhir::{Node, json};
use koppeltaal_store::resource::{self, Indexed, Stored};
use koppeltaal_store::{DomainTx, Store, definitions};

use crate::audit_event::Skeletons;
use crate::kind;
use crate::publication::Publication;

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
    /// The version that the store gave them.
    version: i64,
    /// What the shapes of AuditEvents are found by.
    pub skeletons: Skeletons,
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
            version: 0,
            skeletons: Skeletons::default(),
        }
    }

    /// The version of the definitions; 0 when the domain has never had its own.
    pub fn version(&self) -> i64 {
        self.version
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

    /// What resources are indexed by: the parameters, and those on their way.
    pub fn indexed_by(&self) -> &Parameters {
        self.indexed_by.as_ref().unwrap_or(&self.parameters)
    }

    /// The searchable values of a resource. `base` is the FHIR base of the domain,
    /// which references may spell out.
    pub fn index(&self, resource: &Node, base: Option<&str>) -> Indexed {
        let parameters = self.indexed_by();
        let found = search::index(resource, parameters, self.definitions(), base);
        let rows = found.rows.into_iter().map(|row| IndexRow {
            parameter: row.parameter,
            value: row.value,
            qualifier: row.qualifier,
        });
        let words = Words { narrative: found.words.narrative, content: found.words.content };
        Indexed { rows: rows.collect(), words }
    }

    /// Reads the definitions of a domain: its own, or what is built in.
    pub async fn load(store: &Store, domain: &Domain) -> Result<Arc<Self>> {
        let own = store.scope(domain).read(Own::read).await?;
        if own.version == 0 {
            return Ok(Self::built_in());
        }
        // Thousands of profiles take their time, and nobody waits for it.
        let catalog = tokio::task::spawn_blocking(move || Self::with(&own)).await;
        catalog.map_err(Error::internal)?.map(Arc::new)
    }

    /// The built-in definitions with those that a domain has brought.
    fn with(own: &Own) -> Result<Self> {
        let mut nodes = Vec::with_capacity(own.stored.len());
        for stored in &own.stored {
            nodes.push(json::parse(stored.render().as_bytes()).map_err(Error::internal)?);
        }
        let replaces = nodes.iter().any(is_koppeltaal);
        let under = match replaces {
            true => Definitions::core().clone(),
            false => koppeltaal_fhir::r4::profile::koppeltaal().clone(),
        };
        let is_pending = |node: &&Node| {
            let url = node.get("url").and_then(Node::as_str);
            node.resource_type() == Some("SearchParameter")
                && url.is_some_and(|url| own.unindexed.iter().any(|pending| pending == url))
        };
        let (pending, ready): (Vec<&Node>, Vec<&Node>) = nodes.iter().partition(is_pending);
        let definitions = over(under, &ready)?;
        let all = match pending.is_empty() {
            true => None,
            false => Some(over(definitions.clone(), &pending)?),
        };
        let mut catalog = Self::of(definitions, all, Published::With(Vec::new()));
        catalog.version = own.version;
        let built_in = if replaces { Vec::new() } else { catalog.built_in_publications() };
        let stored = own.stored.iter().zip(&nodes);
        let stored = stored.filter_map(|(one, node)| Publication::stored(one, node, &catalog));
        let mut published: Vec<Publication> = stored.collect();
        let is_new = |one: &Publication| !published.iter().any(|own| own.is_in_place_of(one));
        let kept: Vec<Publication> = built_in.into_iter().filter(is_new).collect();
        published.extend(kept);
        catalog.published = Published::With(published);
        Ok(catalog)
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

/// What a domain has stored of definitions, at one moment.
struct Own {
    version: i64,
    stored: Vec<Stored>,
    /// Its search parameters that do not cover every resource yet.
    unindexed: Vec<String>,
}

impl Own {
    fn read(tx: &mut DomainTx<'_>) -> Result<Self> {
        let version = definitions::version(tx)?;
        let mut own = Self { version, stored: Vec::new(), unindexed: Vec::new() };
        if version == 0 {
            return Ok(own);
        }
        for kind in kind::CONFORMANCE {
            own.stored.extend(resource::of_type(tx, kind, 0, i64::MAX)?);
        }
        own.unindexed = definitions::unindexed(tx)?;
        Ok(own)
    }
}
