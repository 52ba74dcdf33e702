//! `_summary`: the forms of a resource that R4 names (FHIR R4, "Search", 3.1.1.5.8;
//! ElementDefinition.isSummary).

use super::{bare, cut, element_of, structure_of};
use crate::node::{Members, Node};
use crate::r4::definition::{Definitions, Element, Structure, Type};

/// A value of `_summary`; `count` is no form of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summary {
    /// What R4 marks as summary.
    True,
    /// The narrative, and what is mandatory.
    Text,
    /// All but the narrative.
    Data,
    /// All.
    False,
}

impl Summary {
    /// The value with this code.
    pub fn from_code(code: &str) -> Option<Summary> {
        match code {
            "true" => Some(Summary::True),
            "text" => Some(Summary::Text),
            "data" => Some(Summary::Data),
            "false" => Some(Summary::False),
            _ => None,
        }
    }

    /// The code of R4.
    pub fn code(self) -> &'static str {
        match self {
            Summary::True => "true",
            Summary::Text => "text",
            Summary::Data => "data",
            Summary::False => "false",
        }
    }
}

/// The resource in this form. A resource whose type is not known here stays whole for
/// [`Summary::True`], because nobody can tell what its summary is.
pub fn summarized(resource: &Node, summary: Summary, definitions: &Definitions) -> Node {
    let structure = structure_of(resource, definitions);
    let whole = |value: &Node| value.clone();
    match (summary, structure) {
        (Summary::False, _) | (Summary::True, None) => resource.clone(),
        (Summary::Data, _) => {
            cut(resource, |name, value| (bare(name) != "text").then(|| whole(value)))
        }
        (Summary::Text, structure) => cut(resource, |name, value| {
            let is_mandatory = || element_of(structure, bare(name)).is_some_and(|e| e.min > 0);
            (bare(name) == "text" || is_mandatory()).then(|| whole(value))
        }),
        (Summary::True, Some(structure)) => {
            let Some(members) = resource.as_object() else { return resource.clone() };
            cut(resource, |name, value| part(members, name, value, structure, 0, definitions))
        }
    }
}

/// Is the element part of a summary, or needed where it stands?
fn belongs(element: &Element) -> bool {
    element.is_summary || element.min > 0
}

/// What the summary holds of one member of an object whose children are those of element `at`.
fn part(
    members: &Members,
    name: &str,
    value: &Node,
    structure: &Structure,
    at: usize,
    definitions: &Definitions,
) -> Option<Node> {
    let (child, chosen) = structure.child(at, bare(name))?;
    let element = structure.element(child).filter(|element| belongs(element))?;
    if let Some(primitive) = name.strip_prefix('_') {
        // Id and extensions of a primitive are no summary, unless they stand for a value.
        return has_gap(members.get(primitive)).then(|| value.clone());
    }
    let only = || element.types.first().filter(|_| element.types.len() == 1);
    match inside(structure, child, chosen.or_else(only), definitions) {
        Some((inner, at)) => Some(summary_of(value, inner, at, definitions)),
        None => Some(value.clone()),
    }
}

/// Is a value of a primitive missing?
fn has_gap(value: Option<&Node>) -> bool {
    match value {
        Some(Node::Array(items)) => items.contains(&Node::Null),
        Some(value) => *value == Node::Null,
        None => true,
    }
}

/// Where the children of an element are defined; `None` for what stays whole.
fn inside<'d>(
    structure: &'d Structure,
    at: usize,
    of: Option<&Type>,
    definitions: &'d Definitions,
) -> Option<(&'d Structure, usize)> {
    if let Some(content) = structure.content(at) {
        return Some((structure, content));
    }
    if structure.has_children(at) {
        return Some((structure, at));
    }
    // R4 marks nothing inside an extension, and half of one would mean something else.
    let of = of.filter(|of| !matches!(&*of.code, "Extension" | "Resource"))?;
    Some((definitions.structure(&of.code)?, 0))
}

fn summary_of(value: &Node, structure: &Structure, at: usize, definitions: &Definitions) -> Node {
    match value {
        Node::Array(items) => items
            .iter()
            .map(|item| summary_of(item, structure, at, definitions))
            .collect::<Vec<_>>()
            .into(),
        Node::Object(members) => {
            let kept = members.iter().filter_map(|(name, value)| {
                let part = part(members, name, value, structure, at, definitions)?;
                Some((name.to_owned(), part))
            });
            let kept: Vec<(String, Node)> = kept.collect();
            // An empty object is no valid element; where R4 marks nothing, all of it stays.
            if kept.is_empty() { value.clone() } else { Node::Object(Members(kept)) }
        }
        scalar => scalar.clone(),
    }
}
