//! Taking apart an AuditEvent that this server makes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::coding::resource_type;
use super::event::{Agent, AuditEvent, Entity, Who};
use super::{PROFILE, extension_url};
use crate::node::{Members, Node};
use crate::{json, object};

/// An AuditEvent in two parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The shape, as JSON.
    pub shape: String,
    /// The content, as JSON; `None` when the focal resource says it.
    pub content: Option<String>,
    /// The resource of the first entity, `Type/id`. Without a content it must become the focal
    /// resource of the row.
    pub focal: Option<String>,
    /// The version of it.
    pub version: Option<String>,
    /// The references by which `entity` finds it, without versions, when there is a content;
    /// without, it is found by the focal resource.
    pub keys: Vec<String>,
}

impl AuditEvent {
    /// The shape and the rest.
    pub fn split(self) -> Split {
        let first = self.entities.first().and_then(|one| one.what.as_deref()).map(parts);
        let (focal, version) = match first {
            Some((focal, version)) => (Some(focal.to_owned()), version.map(str::to_owned)),
            None => (None, None),
        };
        let content = self.content();
        let keys = match &content {
            None => Vec::new(),
            Some(_) => keys(self.entities.iter().filter_map(|one| one.what.as_deref())),
        };
        Split { shape: json::render(&self.shape()), content, focal, version, keys }
    }

    fn shape(&self) -> Node {
        let mut shape = Members::new();
        shape.push("resourceType", "AuditEvent");
        shape.push("meta", object! { "profile" => [Node::from(PROFILE)] });
        let origin = object! {
            "url" => extension_url("resource-origin"),
            "valueReference" => device(&self.origin),
        };
        shape.push("extension", [origin]);
        shape.push("type", self.kind.node());
        shape.push_some("subtype", self.subtype.as_ref().map(|subtype| [subtype.node()]));
        shape.push("action", self.action.to_string());
        shape.push("outcome", self.outcome.code());
        shape.push("agent", self.agents.iter().map(agent).collect::<Vec<_>>());
        let mut source = Members::new();
        source.push_some("site", self.site.as_deref());
        source.push("observer", device(&self.observer));
        source.push_some("type", self.source_type.as_ref().map(|kind| [kind.node()]));
        shape.push("source", source);
        shape.push("entity", combinations(self.entities.iter().map(kind_and_role)));
        Node::Object(shape)
    }

    fn content(&self) -> Option<String> {
        let mut content = Members::new();
        let has_network = self.agents.iter().any(|agent| agent.network.is_some());
        if has_network {
            let address = |agent: &Agent| Node::from(agent.network.as_deref().unwrap_or_default());
            content.push("network", self.agents.iter().map(address).collect::<Vec<_>>());
        }
        match self.entities.as_slice() {
            [Entity { what: Some(_), query: None, description: None, .. }] if !has_network => {
                return None;
            }
            [Entity { what: None, query: None, description: None, .. }] => {}
            entities => {
                content.push("entity", entities.iter().map(entity).collect::<Vec<_>>());
            }
        }
        Some(json::render(&Node::Object(content)))
    }
}

/// Each combination of entity type and role once, in the order of its text, without those that
/// have neither.
pub(super) fn combinations(entities: impl Iterator<Item = Members>) -> Vec<Node> {
    let mut all: Vec<(String, Node)> = entities
        .filter(|members| !members.is_empty())
        .map(|members| {
            let node = Node::Object(members);
            (json::render(&node), node)
        })
        .collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all.dedup_by(|one, other| one.0 == other.0);
    all.into_iter().map(|(_, node)| node).collect()
}

/// The references without versions, each once.
pub(super) fn keys<'a>(references: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut keys: Vec<String> = references.map(|text| unversioned(text).to_owned()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// A reference without the version that it names.
pub fn unversioned(reference: &str) -> &str {
    parts(reference).0
}

/// What a reference leads to, and in which version.
pub(super) fn parts(reference: &str) -> (&str, Option<&str>) {
    match reference.split_once("/_history/") {
        Some((resource, version)) => (resource, Some(version)),
        None => (reference, None),
    }
}

fn kind_and_role(entity: &Entity) -> Members {
    let mut members = Members::new();
    members.push_some("type", entity.kind.as_ref().map(|kind| kind.node()));
    members.push_some("role", entity.role.as_ref().map(|role| role.node()));
    members
}

/// An entity in the content: a text where that says everything.
fn entity(entity: &Entity) -> Node {
    if let (Some(what), Some(kind)) = (&entity.what, &entity.kind) {
        let is_plain =
            entity.role.is_none() && entity.query.is_none() && entity.description.is_none();
        let is_of_type = type_of(what).is_some_and(|name| *kind == resource_type(name.to_owned()));
        if is_plain && is_of_type {
            return Node::from(what);
        }
    }
    let mut members = Members::new();
    members.push_some("what", entity.what.as_deref().map(reference));
    for (name, value) in kind_and_role(entity).0 {
        members.push(name, value);
    }
    members.push_some("description", entity.description.as_deref());
    members.push_some("query", entity.query.as_ref().map(|text| STANDARD.encode(text)));
    Node::Object(members)
}

fn agent(agent: &Agent) -> Node {
    let who = match &agent.who {
        Who::Device(id) => device(id),
        Who::Logical { system, value, display } => object! {
            "type" => "Device",
            "identifier" => object! { "system" => *system, "value" => value },
            "display" => display,
        },
    };
    object! { "type" => agent.kind.concept(), "who" => who, "requestor" => agent.is_requestor }
}

fn device(id: &str) -> Node {
    reference(&format!("Device/{id}"))
}

/// A reference, with the type that it names.
pub(super) fn reference(text: &str) -> Node {
    match type_of(text) {
        Some(name) => object! { "reference" => text, "type" => name },
        None => object! { "reference" => text },
    }
}

/// The resource type that a relative reference begins with.
pub(super) fn type_of(reference: &str) -> Option<&str> {
    let (name, id) = reference.split_once('/')?;
    let is_type = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    (is_type && !id.is_empty()).then_some(name)
}
