//! Rows of codes, identifiers and other exact values with a system (FHIR R4, Search, 3.1.1.4.10
//! "token" and its modifiers `:text` and `:of-type`).

use super::fold::fold;
use super::index::Rows;
use super::key::hash;
use super::parameter::Numbers;
use super::shape::{Shape, Value};
use crate::node::Node;

/// Rows of a token parameter.
pub(super) fn rows(value: &Value<'_>, numbers: &Numbers, rows: &mut Rows) {
    each(value, &mut |system, code| rows.push(numbers.own, code, hash(system)));
    texts(value, &mut |text| {
        let folded = fold(text);
        if !folded.is_empty() {
            rows.push(numbers.text, &folded, 0);
        }
    });
    if value.shape == Shape::Identifier
        && let Some(identifier) = text_of(&value.node, "value")
    {
        for coding in type_codings(&value.node) {
            if let Some(code) = text_of(coding, "code") {
                let system = text_of(coding, "system").unwrap_or_default();
                rows.push(numbers.of_type, &format!("{code}|{identifier}"), hash(system));
            }
        }
    }
}

/// Each token of a value: its system, empty when it has none, and its code.
pub(super) fn each(value: &Value<'_>, give: &mut dyn FnMut(&str, &str)) {
    let node = &*value.node;
    match value.shape {
        Shape::Coding => coding(node, give),
        Shape::CodeableConcept => node.items("coding").iter().for_each(|one| coding(one, give)),
        Shape::Identifier => identifier(node, give),
        Shape::ContactPoint => {
            if let Some(contact) = text_of(node, "value") {
                give(text_of(node, "use").unwrap_or_default(), contact);
            }
        }
        Shape::Code => {
            if let Some(code) = scalar(node) {
                give(value.system.unwrap_or_default(), code);
            }
        }
        Shape::Text | Shape::Uri | Shape::Boolean | Shape::Number | Shape::Moment => {
            if let Some(text) = scalar(node) {
                give("", text);
            }
        }
        _ => {}
    }
}

fn coding(node: &Node, give: &mut dyn FnMut(&str, &str)) {
    pair(node, "code", give);
}

/// The system and value of an Identifier.
pub(super) fn identifier(node: &Node, give: &mut dyn FnMut(&str, &str)) {
    pair(node, "value", give);
}

/// A system and a value, of which one may be absent.
fn pair(node: &Node, name: &str, give: &mut dyn FnMut(&str, &str)) {
    let (system, code) = (text_of(node, "system"), text_of(node, name));
    if system.is_some() || code.is_some() {
        give(system.unwrap_or_default(), code.unwrap_or_default());
    }
}

/// The words beside the codes.
fn texts(value: &Value<'_>, give: &mut dyn FnMut(&str)) {
    let node = &*value.node;
    match value.shape {
        Shape::Coding => display(node, give),
        Shape::CodeableConcept => {
            text_of(node, "text").into_iter().for_each(&mut *give);
            node.items("coding").iter().for_each(|one| display(one, give));
        }
        Shape::Identifier => {
            if let Some(text) = node.get("type").and_then(|kind| text_of(kind, "text")) {
                give(text);
            }
        }
        _ => {}
    }
}

fn display(coding: &Node, give: &mut dyn FnMut(&str)) {
    text_of(coding, "display").into_iter().for_each(give);
}

fn type_codings(identifier: &Node) -> &[Node] {
    identifier.get("type").map_or(&[], |kind| kind.items("coding"))
}

/// The text of a member, when it is not empty.
pub(super) fn text_of<'n>(node: &'n Node, name: &str) -> Option<&'n str> {
    node.get(name)?.as_str().filter(|text| !text.is_empty())
}

fn scalar(node: &Node) -> Option<&str> {
    node.text().filter(|text| !text.is_empty())
}
