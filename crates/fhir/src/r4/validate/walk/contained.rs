//! Resources in resources: contained ones and the entries of a Bundle (FHIR R4, "Contained
//! Resources", invariants dom-2 to dom-5; "Resource Bundle").

use std::collections::{HashMap, HashSet};

use super::{Told, Walk};
use crate::node::Node;
use crate::r4::validate::compiled::Rule;
use crate::r4::validate::issue::IssueType;
use crate::r4::validate::location::Location;

/// Types of the entries of a Bundle by `fullUrl`.
pub(super) fn entries(resource: &Node) -> HashMap<&str, &str> {
    resource.items("entry").iter().filter_map(url_and_type).collect()
}

fn url_and_type(entry: &Node) -> Option<(&str, &str)> {
    Some((entry.get("fullUrl")?.as_str()?, entry.get("resource")?.resource_type()?))
}

/// Types of the contained resources by id.
pub(super) fn contained(resource: &Node) -> HashMap<&str, &str> {
    resource.items("contained").iter().filter_map(id_and_type).collect()
}

fn id_and_type(node: &Node) -> Option<(&str, &str)> {
    Some((node.get("id")?.as_str()?, node.resource_type()?))
}

impl<'a> Walk<'a> {
    /// A resource as the value of an element.
    pub(super) fn inner_resource(
        &mut self,
        place: &Location<'_>,
        value: Option<&'a Node>,
        child: Rule<'a>,
        rules: &[Rule<'a>],
    ) {
        let Some(node) = value else {
            return self.error(IssueType::Structure, place, |at| {
                Told::new(format!("{at} must not be null."), child.label())
            });
        };
        let mut roots = Vec::new();
        for of in rules.iter().flat_map(|rule| &rule.part().types) {
            // One profile must be met; of several the type is all that is looked at.
            let numbers = match of.profiles.as_slice() {
                [one] if !of.has_unknown_profile => Some(*one),
                _ => of.number.filter(|_| &*of.code != "Resource"),
            };
            let root = numbers.and_then(|number| Some(self.compiled.plan(number)?.root()));
            roots.extend(root.filter(|root| root.plan.structure.type_name != "Resource"));
        }
        if child.element().name() == "contained" {
            return self.resource(place, node, &roots, false);
        }
        let outside = (self.root, std::mem::replace(&mut self.contained, contained(node)));
        self.root = node;
        self.resource(place, node, &roots, false);
        (self.root, self.contained) = outside;
    }

    /// The rules about contained resources, on the resource that contains them.
    pub(super) fn contained_rules(&mut self, location: &Location<'_>, node: &'a Node) {
        let listed = node.items("contained");
        if listed.is_empty() || self.is_trial {
            return;
        }
        if !std::ptr::eq(node, self.root) {
            return self.broken(
                &location.child("contained", None),
                "dom-2",
                "must not occur in a contained resource",
            );
        }
        let mut links = HashSet::new();
        collect_links(node, &mut links);
        for (index, inner) in listed.iter().enumerate() {
            let place = location.child("contained", None).at(Some(index));
            let id = inner.get("id").and_then(Node::as_str);
            let is_linked = id.is_some_and(|id| links.contains(id));
            let mut own = HashSet::new();
            if !is_linked {
                collect_links(inner, &mut own);
            }
            if !is_linked && !own.contains("") {
                let fault = "must have an id, and something must refer to it";
                self.broken(&place, "dom-3", fault);
            }
            let Some(meta) = inner.get("meta") else { continue };
            if meta.get("versionId").is_some() || meta.get("lastUpdated").is_some() {
                self.broken(&place, "dom-4", "must not have meta.versionId and meta.lastUpdated");
            }
            if meta.get("security").is_some() {
                self.broken(&place, "dom-5", "must not have a security label");
            }
        }
    }

    fn broken(&mut self, place: &Location<'_>, key: &str, fault: &str) {
        self.error(IssueType::Invariant, place, |at| Told::new(format!("{at} {fault}."), key));
    }
}

/// All texts that begin with `#`, without it: references, canonicals and URIs to contained
/// resources.
fn collect_links<'a>(node: &'a Node, links: &mut HashSet<&'a str>) {
    match node {
        Node::String(text) => links.extend(text.strip_prefix('#')),
        Node::Array(items) => items.iter().for_each(|item| collect_links(item, links)),
        Node::Object(members) => members.iter().for_each(|(_, value)| collect_links(value, links)),
        _ => {}
    }
}
