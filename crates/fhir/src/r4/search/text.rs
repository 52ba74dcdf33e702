//! Rows of strings; of names and addresses each part is one (FHIR R4, Search, 3.1.1.4.8 "string").

use super::fold::fold;
use super::index::Rows;
use super::key::hash;
use super::parameter::Numbers;
use super::shape::{Shape, Value};
use crate::node::Node;

const NAME: &[&str] = &["text", "family", "given", "prefix", "suffix"];
const ADDRESS: &[&str] = &["text", "line", "city", "district", "state", "postalCode", "country"];

/// Rows of a string parameter: the folded text, with a hash of the text as it is written.
pub(super) fn rows(value: &Value<'_>, numbers: &Numbers, rows: &mut Rows) {
    let give = &mut |text: &str| {
        let folded = fold(text);
        if !folded.is_empty() {
            rows.push(numbers.own, &folded, hash(text));
        }
    };
    let node = &*value.node;
    match value.shape {
        Shape::HumanName | Shape::Address => parts(node, part_names(value.shape), give),
        Shape::CodeableConcept => {
            parts(node, &["text"], give);
            node.items("coding").iter().for_each(|coding| parts(coding, &["display"], give));
        }
        Shape::Coding => parts(node, &["display"], give),
        Shape::Identifier | Shape::ContactPoint => parts(node, &["value"], give),
        _ => node.text().into_iter().for_each(give),
    }
}

/// The children of a name or an address that are rows of it.
pub(super) fn part_names(shape: Shape) -> &'static [&'static str] {
    match shape {
        Shape::HumanName => NAME,
        Shape::Address => ADDRESS,
        _ => &[],
    }
}

fn parts(node: &Node, names: &[&str], give: &mut dyn FnMut(&str)) {
    for name in names {
        node.items(name).iter().filter_map(Node::text).for_each(&mut *give);
    }
}
