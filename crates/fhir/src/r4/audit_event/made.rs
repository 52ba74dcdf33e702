//! Taking apart an AuditEvent that an application made: it is kept whole, and its shape says by
//! what it is found.

use super::extension_url;
use super::split::{Split, combinations, keys, parts};
use crate::json;
use crate::node::{Members, Node};

/// Members of the resource that its shape has as they are.
const SHAPED: [&str; 6] = ["type", "subtype", "action", "outcome", "agent", "source"];
/// Members of `meta` that are found.
const OF_META: [&str; 3] = ["profile", "security", "tag"];

/// An AuditEvent of an application in two parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The two parts; the content is the whole event.
    pub split: Split,
    /// `recorded`, as the application writes it.
    pub recorded: Option<String>,
    /// Its trace ids; the profile allows several.
    pub trace_ids: Vec<String>,
    /// Its request ids.
    pub request_ids: Vec<String>,
    /// Its correlation ids.
    pub correlation_ids: Vec<String>,
}

/// An AuditEvent that an application made, or that came from elsewhere, in two parts. `id`,
/// `meta.versionId` and `meta.lastUpdated` are left out: the row says them.
pub fn split_resource(resource: &Node) -> Made {
    let ids = |name: &str| -> Vec<String> {
        let url = extension_url(name);
        let found = resource.items("extension").iter().filter(|extension| {
            extension.get("url").and_then(Node::as_str).is_some_and(|found| found == url)
        });
        found
            .filter_map(|extension| extension.get("valueId")?.as_str())
            .map(str::to_owned)
            .collect()
    };
    let references = || {
        resource
            .items("entity")
            .iter()
            .filter_map(|one| one.get("what")?.get("reference")?.as_str())
    };
    let first = resource.items("entity").first();
    let first = first.and_then(|one| one.get("what")?.get("reference")?.as_str()).map(parts);
    let split = Split {
        shape: json::render(&shape(resource)),
        content: Some(json::render(&content(resource))),
        focal: first.map(|(focal, _)| focal.to_owned()),
        version: first.and_then(|(_, version)| version).map(str::to_owned),
        keys: keys(references()),
    };
    Made {
        split,
        recorded: resource.get("recorded").and_then(Node::as_str).map(str::to_owned),
        trace_ids: ids("trace-id"),
        request_ids: ids("request-id"),
        correlation_ids: ids("correlation-id"),
    }
}

fn shape(resource: &Node) -> Node {
    let mut shape = Members::new();
    shape.push("resourceType", "AuditEvent");
    let mut meta = Members::new();
    for name in OF_META {
        meta.push_some(name, resource.get("meta").and_then(|meta| meta.get(name)).cloned());
    }
    if !meta.is_empty() {
        shape.push("meta", meta);
    }
    let origin = extension_url("resource-origin");
    let origins = resource.items("extension").iter().filter(|extension| {
        extension.get("url").and_then(Node::as_str).is_some_and(|found| found == origin)
    });
    let origins: Vec<Node> = origins.cloned().collect();
    if !origins.is_empty() {
        shape.push("extension", origins);
    }
    for name in SHAPED {
        let Some(value) = resource.get(name) else { continue };
        let mut value = value.clone();
        if let Node::Array(agents) = &mut value {
            for agent in agents.iter_mut().filter_map(Node::as_object_mut) {
                agent.remove("network");
            }
        }
        shape.push(name, value);
    }
    let kinds = resource.items("entity").iter().map(|entity| {
        let mut members = Members::new();
        for name in ["type", "role"] {
            members.push_some(name, entity.get(name).cloned());
        }
        members
    });
    let kinds = combinations(kinds);
    if !kinds.is_empty() {
        shape.push("entity", kinds);
    }
    Node::Object(shape)
}

fn content(resource: &Node) -> Node {
    let mut whole = Members::new();
    whole.push("resourceType", "AuditEvent");
    for (name, value) in resource.as_object().into_iter().flat_map(Members::iter) {
        match name {
            "resourceType" | "id" => {}
            "meta" => {
                let mut meta = value.as_object().cloned().unwrap_or_default();
                meta.remove("versionId");
                meta.remove("lastUpdated");
                if !meta.is_empty() {
                    whole.push("meta", meta);
                }
            }
            _ => whole.push(name, value.clone()),
        }
    }
    Node::Object(whole)
}
