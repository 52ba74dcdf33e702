//! A [`Structure`] as a StructureDefinition with a snapshot.

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
        let elements: Vec<Node> = self
            .elements()
            .iter()
            .zip(bases(self, all))
            .map(|(element, base)| element_definition(self, element, &base))
            .collect();
        resource.push("snapshot", object! { "element" => elements });
        Node::Object(resource)
    }
}
