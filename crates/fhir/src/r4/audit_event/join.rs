//! Putting an AuditEvent together, as it is answered.

use super::coding::resource_type;
use super::extension_url;
use super::split::{reference, type_of};
use crate::node::{Members, Node};
use crate::{json, object};

/// What is particular to one event.
#[derive(Debug, Clone, Copy, Default)]
pub struct Particulars<'a> {
    /// Its id.
    pub id: &'a str,
    /// When what it tells of began: an instant.
    pub recorded: &'a str,
    /// When it was written: an instant.
    pub last_updated: &'a str,
    /// The focal resource of the row, `Type/id`.
    pub focal: Option<&'a str>,
    /// The version of it.
    pub version: Option<&'a str>,
    /// The words of its outcome.
    pub outcome_desc: Option<&'a str>,
    /// The request.
    pub request_id: Option<&'a str>,
    /// The chain of requests.
    pub trace_id: Option<&'a str>,
    /// The request that this one follows from.
    pub correlation_id: Option<&'a str>,
    /// What its shape does not say: the content of [`super::Split`].
    pub content: Option<&'a str>,
}

/// The AuditEvent with this shape, version 1. What stands in the trail and cannot be read is left
/// out: an event is shown as far as possible.
pub fn join(shape: &str, particulars: &Particulars<'_>) -> Node {
    let content = particulars.content.map(parsed);
    let shape = parsed(shape);
    match content {
        Some(whole) if whole.contains("resourceType") => of_application(whole, particulars),
        content => of_server(shape, content, particulars),
    }
}

fn parsed(text: &str) -> Members {
    json::parse(text.as_bytes()).map(members).unwrap_or_default()
}

fn members(node: Node) -> Members {
    match node {
        Node::Object(members) => members,
        _ => Members::new(),
    }
}

fn begun(particulars: &Particulars<'_>, meta: Option<Node>) -> Members {
    let mut event = Members::new();
    event.push("resourceType", "AuditEvent");
    event.push("id", particulars.id);
    let mut all = Members::new();
    all.push("versionId", "1");
    all.push("lastUpdated", particulars.last_updated);
    all.0.extend(meta.map(members).unwrap_or_default().0);
    event.push("meta", all);
    event
}

fn of_application(mut whole: Members, particulars: &Particulars<'_>) -> Node {
    let mut event = begun(particulars, whole.remove("meta"));
    whole.remove("resourceType");
    event.0.extend(whole.0);
    Node::Object(event)
}

fn of_server(mut shape: Members, content: Option<Members>, particulars: &Particulars<'_>) -> Node {
    let mut event = begun(particulars, shape.remove("meta"));
    shape.remove("resourceType");
    let mut extensions = match shape.remove("extension") {
        Some(Node::Array(extensions)) => extensions,
        _ => Vec::new(),
    };
    for (name, id) in [
        ("trace-id", particulars.trace_id),
        ("request-id", particulars.request_id),
        ("correlation-id", particulars.correlation_id),
    ] {
        extensions.extend(id.map(|id| object! { "url" => extension_url(name), "valueId" => id }));
    }
    if !extensions.is_empty() {
        event.push("extension", extensions);
    }
    let entities = shape.remove("entity");
    for (name, value) in shape.0 {
        let is_outcome = name == "outcome";
        if is_outcome {
            event.push("recorded", particulars.recorded);
        }
        event.push(name, value);
        if is_outcome {
            event.push_some("outcomeDesc", particulars.outcome_desc);
        }
    }
    match content {
        None => event.push_some("entity", entities.map(|found| about(found, particulars))),
        Some(mut content) => {
            if let Some(Node::Array(addresses)) = content.remove("network") {
                reached(&mut event, addresses);
            }
            match content.remove("entity") {
                Some(Node::Array(all)) => {
                    event.push("entity", all.into_iter().map(entity).collect::<Vec<_>>());
                }
                _ => event.push_some("entity", entities),
            }
        }
    }
    Node::Object(event)
}

/// The entities, the first of which is the focal resource.
fn about(mut entities: Node, particulars: &Particulars<'_>) -> Node {
    let first = entities.as_array_mut().and_then(|all| all.first_mut());
    if let (Some(Node::Object(first)), Some(focal)) = (first, particulars.focal) {
        let what = match particulars.version {
            Some(version) => reference(&format!("{focal}/_history/{version}")),
            None => reference(focal),
        };
        first.0.insert(0, ("what".to_owned(), what));
    }
    entities
}

/// An entity of the content.
fn entity(held: Node) -> Node {
    let Node::String(text) = held else { return held };
    let what = reference(&text);
    match type_of(&text) {
        Some(name) => object! { "what" => what, "type" => resource_type(name.to_owned()).node() },
        None => object! { "what" => what },
    }
}

/// Writes to the agents where they were reached.
fn reached(event: &mut Members, addresses: Vec<Node>) {
    let Some(Node::Array(agents)) = event.get_mut("agent") else { return };
    for (agent, address) in agents.iter_mut().zip(addresses) {
        let (Node::Object(agent), Node::String(address)) = (agent, address) else { continue };
        if !address.is_empty() {
            // The code says that it is a URI (audit-network-type).
            agent.push("network", object! { "address" => address, "type" => "5" });
        }
    }
}
