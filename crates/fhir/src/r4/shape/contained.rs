//! Contained resources that a part of a resource still needs, so that no reference in it leads
//! nowhere (FHIR R4, "Contained Resources").

use std::collections::HashSet;

use crate::node::{Members, Node};

/// Those of the contained resources that `kept` refers to, also through another; `None` when it
/// refers to none.
pub fn linked(contained: &[Node], kept: &Members) -> Option<Node> {
    let mut links = HashSet::new();
    kept.iter().for_each(|(_, value)| collect(value, &mut links));
    let mut is_kept = vec![false; contained.len()];
    // Each round looks once at what the round before has let in.
    let mut has_more = !links.is_empty();
    while has_more {
        has_more = false;
        for (inner, is_kept) in contained.iter().zip(&mut is_kept) {
            let id = inner.get("id").and_then(Node::as_str);
            if !*is_kept && id.is_some_and(|id| links.contains(id)) {
                *is_kept = true;
                has_more = true;
                collect(inner, &mut links);
            }
        }
    }
    let chosen = contained.iter().zip(is_kept).filter(|(_, is_kept)| *is_kept);
    let chosen: Vec<Node> = chosen.map(|(inner, _)| inner.clone()).collect();
    (!chosen.is_empty()).then_some(Node::Array(chosen))
}

/// All texts that begin with `#`, without it.
fn collect<'a>(node: &'a Node, links: &mut HashSet<&'a str>) {
    match node {
        Node::String(text) => links.extend(text.strip_prefix('#')),
        Node::Array(items) => items.iter().for_each(|item| collect(item, links)),
        Node::Object(members) => members.iter().for_each(|(_, value)| collect(value, links)),
        _ => {}
    }
}
