//! Rows of numbers and quantities (FHIR R4, Search, 3.1.1.4.6 "number", 3.1.1.4.11 "quantity").

use super::index::Rows;
use super::key::hash;
use super::number::number_key;
use super::parameter::Numbers;
use super::shape::{Shape, Value};
use super::token::text_of;
use crate::node::Node;

/// The code system of currencies.
const CURRENCY: &str = "urn:iso:std:iso:4217";

/// Rows of a number parameter.
pub(super) fn number_rows(value: &Value<'_>, numbers: &Numbers, rows: &mut Rows) {
    match value.shape {
        Shape::Number => {
            if let Some(key) = key_of(&value.node) {
                rows.push(numbers.own, &key, 0);
            }
        }
        _ => each(value, &mut |key, _| rows.push(numbers.own, key, 0)),
    }
}

/// Rows of a quantity parameter: for any unit, and for each way to name the unit.
pub(super) fn rows(value: &Value<'_>, numbers: &Numbers, rows: &mut Rows) {
    each(value, &mut |key, unit| rows.push(numbers.own, key, hash(unit)));
}

/// Each key of the value with each form of its unit: none, `system|code`, `|code`, `|unit`.
pub(super) fn each(value: &Value<'_>, give: &mut dyn FnMut(&str, &str)) {
    let node = &*value.node;
    match value.shape {
        Shape::Quantity => quantity(node, give),
        Shape::Money => {
            if let Some(key) = node.get("value").and_then(key_of) {
                give(&key, "");
                if let Some(currency) = text_of(node, "currency") {
                    give(&key, &format!("{CURRENCY}|{currency}"));
                    give(&key, &format!("|{currency}"));
                }
            }
        }
        Shape::Range => {
            for end in ["low", "high"] {
                node.get(end).into_iter().for_each(|end| quantity(end, give));
            }
        }
        Shape::Number => {
            if let Some(key) = key_of(node) {
                give(&key, "");
            }
        }
        _ => {}
    }
}

fn quantity(node: &Node, give: &mut dyn FnMut(&str, &str)) {
    let Some(key) = node.get("value").and_then(key_of) else { return };
    give(&key, "");
    if let Some(code) = text_of(node, "code") {
        give(&key, &format!("|{code}"));
        if let Some(system) = text_of(node, "system") {
            give(&key, &format!("{system}|{code}"));
        }
    }
    if let Some(unit) = text_of(node, "unit") {
        give(&key, &format!("|{unit}"));
    }
}

fn key_of(node: &Node) -> Option<String> {
    match node {
        Node::Number(text) => number_key(text),
        _ => None,
    }
}
