//! A resource that publishes a definition: a profile, a code list, a search
//! parameter, the guide itself.

use koppeltaal_core::Timestamp;
use koppeltaal_fhir::{Node, json};
use koppeltaal_store::resource::{Indexed, Stored};

use crate::catalog::Catalog;
use crate::content::body;
use crate::kind;

/// The time of what is part of the program: that of the guide it follows.
const BUILT_IN: Timestamp = Timestamp(1_753_142_400_000_000);

/// A definition as it is served.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Its type.
    pub resource_type: &'static str,
    /// Its id.
    pub id: String,
    /// Its canonical URL.
    pub url: Option<String>,
    /// The number of its version.
    pub version: i64,
    /// When that was made.
    pub updated: Timestamp,
    /// The whole resource as JSON.
    pub text: String,
    /// What it is found by.
    pub indexed: Indexed,
}

impl Publication {
    /// One that is part of the program.
    pub fn built_in(resource: &Node, catalog: &Catalog) -> Option<Self> {
        let resource_type = kind::named(resource.resource_type()?)?;
        let id = resource.get("id")?.as_str()?;
        let text = body(resource).render(resource_type, id, 1, BUILT_IN);
        Self::of(resource_type, id, (1, BUILT_IN), text, catalog)
    }

    /// One that the domain has stored.
    pub fn stored(stored: &Stored, resource: &Node, catalog: &Catalog) -> Option<Self> {
        let resource_type = kind::named(resource.resource_type()?)?;
        let version = (stored.version, stored.updated);
        Self::of(resource_type, &stored.id, version, stored.render(), catalog)
    }

    fn of(
        resource_type: &'static str,
        id: &str,
        (version, updated): (i64, Timestamp),
        text: String,
        catalog: &Catalog,
    ) -> Option<Self> {
        let whole = json::parse(text.as_bytes()).ok()?;
        Some(Self {
            resource_type,
            id: id.to_owned(),
            url: whole.get("url").and_then(Node::as_str).map(str::to_owned),
            version,
            updated,
            indexed: catalog.index(&whole, None),
            text,
        })
    }

    /// Whether this one is served and the other not: the same canonical or id.
    pub fn is_in_place_of(&self, other: &Self) -> bool {
        self.resource_type == other.resource_type
            && (self.id == other.id || (self.url.is_some() && self.url == other.url))
    }
}
