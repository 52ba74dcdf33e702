//! The tag of a resource that is not whole (FHIR R4, "Search", 3.1.1.5.8).

use crate::node::{Members, Node};
use crate::object;

const SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
const CODE: &str = "SUBSETTED";

/// Puts the tag into `meta.tag`, once.
pub fn mark(resource: &mut Members) {
    let tag = object! { "system" => SYSTEM, "code" => CODE };
    let Some(Node::Object(meta)) = resource.get_mut("meta") else {
        let meta = object! { "tag" => [tag] };
        let after = resource.iter().take_while(|(name, _)| is_before_meta(name)).count();
        resource.remove("meta");
        resource.0.insert(after.min(resource.len()), ("meta".to_owned(), meta));
        return;
    };
    match meta.get_mut("tag") {
        Some(Node::Array(tags)) if tags.iter().any(is_subsetted) => {}
        Some(Node::Array(tags)) => tags.push(tag),
        _ => meta.insert("tag", [tag]),
    }
}

fn is_before_meta(name: &str) -> bool {
    matches!(name, "resourceType" | "id" | "_id")
}

fn is_subsetted(tag: &Node) -> bool {
    let has = |name: &str, value: &str| tag.get(name).and_then(Node::as_str) == Some(value);
    has("system", SYSTEM) && has("code", CODE)
}
