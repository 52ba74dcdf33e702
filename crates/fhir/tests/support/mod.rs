//! Comparing trees by meaning: the order of members does not count.

use koppeltaal_fhir::{Members, Node};

/// The node with the members of every object sorted by name.
pub fn sorted(node: &Node) -> Node {
    match node {
        Node::Array(items) => Node::Array(items.iter().map(sorted).collect()),
        Node::Object(members) => {
            let mut members: Vec<_> =
                members.iter().map(|(n, v)| (n.to_owned(), sorted(v))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Node::Object(Members(members))
        }
        scalar => scalar.clone(),
    }
}
