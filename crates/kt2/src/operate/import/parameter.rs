//! SearchParameters of a file: what cannot be searched by is refused by name, and
//! no code is taken that a type has already.

use koppeltaal_fhir::r4::definition::{Overlay, SearchParameter};
use koppeltaal_fhir::r4::search::{Parameters, check};
use koppeltaal_fhir::{Node, json};

use super::super::reindex::served_types;
use crate::catalog::Catalog;

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
        let publications = catalog.publications().iter();
        let stored = publications.filter(|one| one.resource_type == "SearchParameter");
        let stored = stored.filter_map(|one| {
            let node = json::parse(one.text.as_bytes()).ok()?;
            Some((one.id.clone(), SearchParameter::from_resource(&node).ok()?))
        });
        Self { catalog, stored: stored.collect(), new: Vec::new() }
    }

    /// Takes one of the file; what is wrong with it otherwise.
    pub fn take(&mut self, line: u32, id: &str, node: &Node) -> Result<(), String> {
        let definition = SearchParameter::from_resource(node).map_err(|error| error.to_string())?;
        if node.get("status").and_then(Node::as_str) != Some("active") {
            return Err("its status is not `active`: what is stored is in force".to_owned());
        }
        check(&definition).map_err(|error| error.to_string())?;
        let types = served_types(definition.base.iter().map(String::as_str));
        if types.is_empty() {
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
        let built_in = Catalog::built_in();
        if built_in.definitions().search_parameter_by_url(&definition.url).is_some() {
            return Err(format!("{} is built in", definition.url));
        }
        for kind in types {
            let defined = self.catalog.definitions().search_parameters(kind);
            let stored = self.stored.iter().map(|(_, other)| other);
            let new = self.new.iter().map(|other| &other.definition);
            let is_for = |other: &&SearchParameter| {
                let types = served_types(other.base.iter().map(String::as_str));
                types.contains(&kind)
            };
            let mut others = defined.chain(stored.filter(is_for)).chain(new.filter(is_for));
            let other =
                others.find(|other| other.code == definition.code && other.url != definition.url);
            if let Some(other) = other {
                return Err(format!("`{}` of {kind} is {}", definition.code, other.url));
            }
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
