//! The references of a resource: those that lead to other resources, and those that only name an
//! identifier (FHIR R4, "References between resources", 2.3.0).

use std::fmt;

use super::parameters::is_free;
use super::reference::is_literal;
use crate::node::{Members, Node};

/// A literal reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// FHIRPath of the Reference element: `Task.for`, `Task.extension[0].valueReference`.
    pub expression: String,
    /// Where it leads, as it is written.
    pub reference: &'a str,
    /// The type that the Reference states for what it leads to.
    pub stated_type: Option<&'a str>,
    /// Does it not matter whether that is there, or still is? An AuditEvent tells of the past.
    pub is_free: bool,
}

/// Where in a resource something stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    parent: Option<&'p Place<'p>>,
    name: &'p str,
    index: Option<usize>,
}

impl Place<'_> {
    /// Is it the child `name` of an element called `parent`?
    pub(super) fn is(&self, name: &str, parent: &str) -> bool {
        self.name == name && self.parent.is_some_and(|found| found.name == parent)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}.")?;
        }
        f.write_str(self.name)?;
        match self.index {
            Some(index) => write!(f, "[{index}]"),
            None => Ok(()),
        }
    }
}

/// Every literal reference of the resource, also in extensions and contained resources, in the
/// order of the document. References to contained resources (`#id`) are none.
pub fn references(resource: &Node) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    let resource_type = resource.resource_type().unwrap_or_default();
    each(resource, &mut |place, element| {
        if let Some(reference) = literal(element) {
            let stated_type = element.get("type").and_then(Node::as_str);
            let (expression, is_free) = (place.to_string(), is_free(resource_type, place));
            found.push(Found { expression, reference, stated_type, is_free });
        }
    });
    found
}

/// FHIRPath of every Reference that only names an identifier.
pub fn logical_references(resource: &Node) -> Vec<String> {
    let mut found = Vec::new();
    each(resource, &mut |place, element| {
        if is_logical(element) {
            found.push(place.to_string());
        }
    });
    found
}

/// Gives every literal reference.
pub(super) fn each_literal<'a>(resource: &'a Node, give: &mut dyn FnMut(&Place<'_>, &'a str)) {
    each(resource, &mut |place, element| {
        if let Some(reference) = literal(element) {
            give(place, reference);
        }
    });
}

/// In R4 a member `reference` with text is that of a Reference.
fn literal(element: &Members) -> Option<&str> {
    element.get("reference")?.as_str().filter(|reference| is_literal(reference))
}

/// No other element of R4 that can have a single Identifier has nothing else.
fn is_logical(element: &Members) -> bool {
    const OF_REFERENCE: [&str; 5] = ["id", "extension", "type", "identifier", "display"];
    let is_of_reference =
        |name: &str| OF_REFERENCE.contains(&name.strip_prefix('_').unwrap_or(name));
    matches!(element.get("identifier"), Some(Node::Object(_)))
        && element.iter().all(|(name, _)| is_of_reference(name))
}

fn each<'a>(resource: &'a Node, give: &mut dyn FnMut(&Place<'_>, &'a Members)) {
    let Some(members) = resource.as_object() else { return };
    let name = resource.resource_type().unwrap_or("Resource");
    let place = Place { parent: None, name, index: None };
    // The elements of a StructureDefinition hold examples and patterns, not references.
    let skipped: &[&str] =
        if name == "StructureDefinition" { &["snapshot", "differential"] } else { &[] };
    for (name, child) in members.iter().filter(|(name, _)| !skipped.contains(name)) {
        descend(&place, name, child, give);
    }
}

fn descend<'a>(
    parent: &Place<'_>,
    name: &str,
    node: &'a Node,
    give: &mut dyn FnMut(&Place<'_>, &'a Members),
) {
    // The companion of a primitive is, in FHIRPath, the primitive itself.
    let name = name.strip_prefix('_').unwrap_or(name);
    match node {
        Node::Object(members) => {
            inside(&Place { parent: Some(parent), name, index: None }, members, give);
        }
        Node::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                if let Node::Object(members) = item {
                    let place = Place { parent: Some(parent), name, index: Some(at) };
                    inside(&place, members, give);
                }
            }
        }
        _ => {}
    }
}

fn inside<'a>(
    place: &Place<'_>,
    members: &'a Members,
    give: &mut dyn FnMut(&Place<'_>, &'a Members),
) {
    give(place, members);
    for (name, child) in members.iter() {
        descend(place, name, child, give);
    }
}
