//! Fixed values and patterns (FHIR R4, ElementDefinition.fixed and .pattern).

use crate::node::Node;

/// Are the two the same? The order of members does not matter, that of items does.
pub fn is_same(left: &Node, right: &Node) -> bool {
    match (left, right) {
        (Node::Object(left), Node::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, value)| right.get(name).is_some_and(|other| is_same(value, other)))
        }
        (Node::Array(left), Node::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| is_same(l, r))
        }
        _ => left == right,
    }
}

/// Has the value at least what the pattern has? Each item of a list in the pattern is matched by
/// some item of the value.
pub fn has_pattern(value: &Node, pattern: &Node) -> bool {
    match (value, pattern) {
        (Node::Object(value), Node::Object(pattern)) => pattern
            .iter()
            .all(|(name, wanted)| value.get(name).is_some_and(|own| has_pattern(own, wanted))),
        (Node::Array(value), Node::Array(pattern)) => {
            pattern.iter().all(|wanted| value.iter().any(|own| has_pattern(own, wanted)))
        }
        _ => value == pattern,
    }
}

/// A fixed value or pattern in words.
pub fn shown(node: &Node) -> String {
    match node {
        Node::String(text) => format!("\"{text}\""),
        _ => crate::json::render(node),
    }
}
