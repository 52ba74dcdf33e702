//! SearchParameters of a file: what cannot be searched by is refused by name, and
//! no code is taken that a type has already.

use koppeltaal_fhir::Node;
use koppeltaal_fhir::r4::definition::{Overlay, SearchParameter};
use koppeltaal_fhir::r4::search::{Parameters, check};

use crate::catalog::Catalog;
use crate::operate::codes::{objection, published};
use crate::operate::reindex::served_types;

/// A SearchParameter of the file.
pub struct New {
    /// Its place in the list of lines.
    pub line: u32,
    /// Its id.
    pub id: String,
    /// The resource.
    pub node: Node,
    /// What it says.
    pub definition: SearchParameter,
}

/// The SearchParameters that the domain has, and those of the file that fit so far.
pub struct Known<'a> {
    catalog: &'a Catalog,
    /// With the ids of their resources.
    stored: Vec<(String, SearchParameter)>,
    /// Those of the file.
    pub new: Vec<New>,
}

impl<'a> Known<'a> {
    /// What the domain has.
    pub fn of(catalog: &'a Catalog) -> Self {
        Self { catalog, stored: published(catalog), new: Vec::new() }
    }

    /// Takes one of the file; what is wrong with it otherwise.
    pub fn take(&mut self, line: u32, id: &str, node: &Node) -> Result<(), String> {
        let definition = SearchParameter::from_resource(node).map_err(|error| error.to_string())?;
        if node.get("status").and_then(Node::as_str) != Some("active") {
            return Err("its status is not `active`: what is stored is in force".to_owned());
        }
        check(&definition).map_err(|error| error.to_string())?;
        if served_types(definition.base.iter().map(String::as_str)).is_empty() {
            let bases = definition.base.join(", ");
            return Err(format!("it is for {bases}, and no such resources are kept here"));
        }
        if let Some(other) =
            self.stored.iter().find(|(own, other)| *own != id && other.url == definition.url)
        {
            return Err(format!(
                "the domain has {} already, as SearchParameter/{}",
                definition.url, other.0
            ));
        }
        let stored = self.stored.iter().map(|(_, other)| other);
        let others = stored.chain(self.new.iter().map(|other| &other.definition));
        if let Some(told) = objection(&definition, false, others) {
            return Err(told);
        }
        if self.new.iter().any(|other| other.definition.url == definition.url) {
            return Err(format!("the file has {} twice", definition.url));
        }
        self.new.push(New { line, id: id.to_owned(), node: node.clone(), definition });
        Ok(())
    }

    /// Those that cannot be compiled for a type, by their lines; they are no longer
    /// among the new ones.
    pub fn take_unusable(&mut self) -> Vec<(u32, String)> {
        if self.new.is_empty() {
            return Vec::new();
        }
        let overlay = Overlay {
            search_parameters: self.new.iter().map(|one| one.definition.clone()).collect(),
            ..Overlay::default()
        };
        let compiled = Parameters::new(&self.catalog.definitions().with(overlay));
        let mut unusable = Vec::new();
        self.new.retain(|one| {
            let why = compiled.unusable().iter().find(|found| found.url == one.definition.url);
            if let Some(why) = why {
                unusable.push((one.line, format!("for {}: {}", why.resource_type, why.reason)));
            }
            why.is_none()
        });
        unusable
    }
}
