//! A [`Structure`] as a StructureDefinition with a snapshot, and of extensions a differential.

use std::collections::HashMap;

use super::base::bases;
use super::element::element_definition;
use super::{head, push_nodes};
use crate::node::Node;
use crate::object;
use crate::r4::definition::{Definitions, Structure};

/// The version of FHIR that all definitions here are for.
const FHIR_VERSION: &str = "4.0.1";

impl Structure {
    /// The StructureDefinition with this id. `all` knows the types that it is built on.
    pub fn to_resource(&self, id: &str, all: &Definitions) -> Node {
        let mut resource =
            head("StructureDefinition", id, &self.url, self.version.as_deref(), &self.name);
        resource.push("fhirVersion", FHIR_VERSION);
        resource.push("kind", self.kind.code());
        resource.push("abstract", self.is_abstract);
        let contexts = self.context.iter();
        let contexts = contexts
            .map(|c| object! { "type" => c.kind.code(), "expression" => &c.expression })
            .collect();
        push_nodes(&mut resource, "context", contexts);
        resource.push("type", &self.type_name);
        resource.push_some("baseDefinition", self.base.as_deref());
        resource.push("derivation", self.derivation.code());
        let elements = elements(self, all);
        // Validators read the URL of an extension in its differential. Of other profiles a
        // differential would be what they make a snapshot of, although there is one.
        let differing = (self.type_name == "Extension").then(|| {
            let below = self.base.as_deref().and_then(|url| all.structure(url));
            let below = below.map(|below| self::elements(below, all)).unwrap_or_default();
            differing(&elements, &below)
        });
        resource.push("snapshot", object! { "element" => elements });
        if let Some(differing) = differing {
            resource.push("differential", object! { "element" => differing });
        }
        Node::Object(resource)
    }
}

fn elements(structure: &Structure, all: &Definitions) -> Vec<Node> {
    let elements = structure.elements().iter().zip(bases(structure, all));
    elements.map(|(element, base)| element_definition(structure, element, &base)).collect()
}

/// The elements that are not as the structure below has them; the first one always, since a
/// differential is not empty.
fn differing(elements: &[Node], below: &[Node]) -> Vec<Node> {
    let id = |node: &Node| node.get("id").and_then(Node::as_str).map(str::to_owned);
    let below: HashMap<Option<String>, &Node> = below.iter().map(|node| (id(node), node)).collect();
    let is_new = |node: &Node| below.get(&id(node)).is_none_or(|old| *old != node);
    let differing = elements.iter().enumerate().filter(|(at, node)| *at == 0 || is_new(node));
    differing
        .map(|(_, node)| {
            let mut node = node.clone();
            if let Some(members) = node.as_object_mut() {
                members.remove("base");
            }
            node
        })
        .collect()
}
