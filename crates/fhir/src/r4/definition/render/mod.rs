//! Definitions as the resources that the standard publishes them in: the opposite of `resource`.
//! What comes out reads back as the same definition. Words that a definition does not keep are
//! left out; where R4 demands some, they repeat what the definition says (FHIR R4,
//! StructureDefinition, ValueSet, CodeSystem, SearchParameter).

mod base;
mod element;
mod ids;
mod search_parameter;
mod structure;
mod terminology;

pub use ids::Ids;

use super::{Definitions, Overlay};
use crate::node::{Members, Node};

impl Overlay {
    /// The definitions as resources with ids: StructureDefinitions with snapshots, ValueSets,
    /// CodeSystems and SearchParameters, each group in its order. `all` knows the types that the
    /// structures are built on and the displays of the codes.
    pub fn to_resources(&self, all: &Definitions, ids: &mut Ids) -> Vec<Node> {
        let mut resources = Vec::new();
        for structure in &self.structures {
            let id = ids.give("StructureDefinition", &structure.url);
            resources.push(structure.to_resource(&id, all));
        }
        for value_set in &self.value_sets {
            let id = ids.give("ValueSet", &value_set.url);
            resources.push(value_set.to_resource(&id, all));
        }
        for code_system in &self.code_systems {
            let id = ids.give("CodeSystem", &code_system.url);
            resources.push(code_system.to_resource(&id));
        }
        for parameter in &self.search_parameters {
            let id = ids.give("SearchParameter", &parameter.url);
            resources.push(parameter.to_resource(&id));
        }
        resources
    }
}

/// What every definition begins with, in the order of R4.
fn head(resource_type: &str, id: &str, url: &str, version: Option<&str>, name: &str) -> Members {
    let mut head = Members::new();
    head.push("resourceType", resource_type);
    head.push("id", id);
    head.push("url", url);
    head.push_some("version", version);
    head.push_some("name", Some(name).filter(|name| !name.is_empty()));
    head.push("status", "active");
    head
}

/// Adds a list, unless it is empty: R4 allows no empty list.
fn push_list<'a>(members: &mut Members, name: &str, values: impl IntoIterator<Item = &'a String>) {
    let values: Vec<Node> = values.into_iter().map(Node::from).collect();
    push_nodes(members, name, values);
}

fn push_nodes(members: &mut Members, name: &str, nodes: Vec<Node>) {
    if !nodes.is_empty() {
        members.push(name, nodes);
    }
}
