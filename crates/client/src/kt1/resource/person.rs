//! Patient, Practitioner and Organization with a name, and what else the standard's profiles ask.

use koppeltaal_fhir::{Node, object};

fn name(given: &str, family: &str) -> Node {
    object! { "use" => "official", "family" => [Node::from(family)], "given" => [Node::from(given)] }
}

/// A Patient.
pub fn patient(given: &str, family: &str) -> Node {
    object! { "resourceType" => "Patient", "name" => [name(given, family)], "active" => true }
}

/// A Practitioner.
pub fn practitioner(given: &str, family: &str) -> Node {
    object! { "resourceType" => "Practitioner", "name" => name(given, family) }
}

/// An Organization.
pub fn organization(name: &str) -> Node {
    object! { "resourceType" => "Organization", "name" => name, "active" => true }
}
