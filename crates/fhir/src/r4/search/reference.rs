//! References in the form in which they are compared (FHIR R4, Search, 3.1.1.4.12 "reference").

use std::borrow::Cow;

use super::index::Rows;
use super::key::hash;
use super::parameter::Numbers;
use super::shape::{Shape, Value};
use super::token;
use crate::node::Node;

/// A reference as a row holds it, and the hash of the version that a canonical names (0: none).
/// `Type/id` stays, without `/_history/…`; an absolute address under `base` becomes relative; other
/// addresses stay, without `|version`.
pub fn target<'t>(reference: &'t str, base: Option<&str>) -> (Cow<'t, str>, i64) {
    let (address, version) = match reference.split_once('|') {
        Some((address, version)) => (address, hash(version)),
        None => (reference, 0),
    };
    let local = base.and_then(|base| {
        address.strip_prefix(base.strip_suffix('/').unwrap_or(base))?.strip_prefix('/')
    });
    let address = match local {
        Some(local) if type_in(local).is_some() => local,
        _ => address,
    };
    (Cow::Borrowed(without_history(address)), version)
}

/// The address of the resource itself.
fn without_history(address: &str) -> &str {
    match address.rsplit_once("/_history/") {
        Some((before, _)) if type_in(before).is_some() => before,
        _ => address,
    }
}

/// The type in a literal reference: `Patient` of `https://host/fhir/Patient/1/_history/2`.
pub(super) fn type_in(reference: &str) -> Option<&str> {
    let path = reference.split(['?', '#', '|']).next()?;
    let path = path.rsplit_once("/_history/").map_or(path, |(before, _)| before);
    let (before, id) = path.rsplit_once('/')?;
    let name = before.rsplit('/').next()?;
    let is_type = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_alphabetic());
    (is_type && !id.is_empty()).then_some(name)
}

/// Rows of a reference parameter.
pub(super) fn rows(value: &Value<'_>, numbers: &Numbers, base: Option<&str>, rows: &mut Rows) {
    let literal = match value.shape {
        Shape::Reference => {
            if let Some(identifier) = value.node.get("identifier") {
                token::identifier(identifier, &mut |system, code| {
                    rows.push(numbers.identifier, code, hash(system));
                });
            }
            value.node.get("reference").and_then(Node::as_str)
        }
        Shape::Uri | Shape::Text => value.node.as_str(),
        _ => None,
    };
    if let Some(reference) = literal.filter(|reference| is_literal(reference)) {
        let (value, version) = target(reference, base);
        rows.push(numbers.own, &value, version);
    }
}

/// Does it lead out of the resource? `#id` does not.
pub(super) fn is_literal(reference: &str) -> bool {
    !reference.is_empty() && !reference.starts_with('#')
}
