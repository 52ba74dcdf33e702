//! [`ValueSet`] and [`CodeSystem`] as the resources of these names.

use std::collections::BTreeSet;

use super::{head, push_nodes};
use crate::node::{Members, Node};
use crate::object;
use crate::r4::definition::{CodeSystem, Concept, Definitions, ValueSet};

/// When an expansion was made, which R4 wants to know: the day R4 4.0.1 came out.
const EXPANDED: &str = "2019-10-30";

/// The property that names broader concepts.
const PARENT: &str = "parent";

impl ValueSet {
    /// The ValueSet with this id: its codes counted out, with the displays that `all` knows. Of a
    /// value set of which a part is not known here nothing is said, so that it refuses no code.
    pub fn to_resource(&self, id: &str, all: &Definitions) -> Node {
        let mut resource = head("ValueSet", id, &self.url, self.version.as_deref(), &self.name);
        if self.is_open() {
            return Node::Object(resource);
        }
        let mut include: Vec<Node> =
            self.systems().map(|system| included(self, system, all)).collect();
        include.extend(self.open_systems().map(|system| object! { "system" => system }));
        if include.is_empty() {
            // `compose` cannot say that there is no code at all.
            let none = object! { "timestamp" => EXPANDED, "total" => 0 };
            resource.push("expansion", none);
        } else {
            resource.push("compose", object! { "include" => include });
        }
        Node::Object(resource)
    }
}

/// The codes of one system.
fn included(set: &ValueSet, url: &str, all: &Definitions) -> Node {
    let system = all.code_system(url);
    let concepts: Vec<Node> = set
        .codes()
        .filter(|(own, _)| *own == url)
        .map(|(_, code)| {
            let mut concept = Members::new();
            concept.push("code", code);
            concept.push_some("display", system.and_then(|system| system.display(code)));
            Node::Object(concept)
        })
        .collect();
    object! { "system" => url, "concept" => concepts }
}

impl CodeSystem {
    /// The CodeSystem with this id: a flat list, in which concepts name their broader ones.
    pub fn to_resource(&self, id: &str) -> Node {
        let mut resource = head("CodeSystem", id, &self.url, self.version.as_deref(), &self.name);
        resource.push("caseSensitive", self.is_case_sensitive);
        let content = match (self.is_complete, self.concepts().is_empty()) {
            (true, _) => "complete",
            (false, false) => "fragment",
            (false, true) => "not-present",
        };
        resource.push("content", content);
        if self.is_complete {
            let count = i64::try_from(self.concepts().len()).unwrap_or(i64::MAX);
            resource.push("count", count);
        }
        let parents: BTreeSet<&str> =
            self.concepts().iter().flat_map(|c| &c.parents).map(|parent| &**parent).collect();
        if !parents.is_empty() {
            let property = object! {
                "code" => PARENT,
                "uri" => "http://hl7.org/fhir/concept-properties#parent",
                "type" => "code",
            };
            resource.push("property", [property]);
        }
        push_nodes(&mut resource, "concept", self.concepts().iter().map(concept).collect());
        Node::Object(resource)
    }
}

fn concept(concept: &Concept) -> Node {
    let mut node = Members::new();
    node.push("code", &*concept.code);
    node.push_some("display", concept.display.as_deref());
    let parents = concept.parents.iter();
    let parents =
        parents.map(|parent| object! { "code" => PARENT, "valueCode" => &**parent }).collect();
    push_nodes(&mut node, "property", parents);
    Node::Object(node)
}
