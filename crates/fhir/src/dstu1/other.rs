//! `Other`, the resource of DSTU1 for everything without a type of its own; its code says what it is.

use super::names::system;
use crate::node::Node;

/// What Koppeltaal uses `Other` for.
pub const USAGES: [&str; 6] = [
    ACTIVITY_DEFINITION,
    "UserMessage",
    "CarePlanActivityStatus",
    "CarePlanActivityResult",
    "CareTeam",
    STORAGE_ITEM,
];

/// Usage code of an ActivityDefinition.
pub const ACTIVITY_DEFINITION: &str = "ActivityDefinition";

/// Usage code of a StorageItem.
pub const STORAGE_ITEM: &str = "StorageItem";

/// The OtherResourceUsage code of an `Other`, also when it is one outside of [`USAGES`].
pub fn usage(resource: &Node) -> Option<&str> {
    if resource.resource_type()? != "Other" {
        return None;
    }
    resource
        .get("code")?
        .items("coding")
        .iter()
        .find(|coding| {
            coding.get("system").and_then(Node::text) == Some(system::OTHER_RESOURCE_USAGE)
        })?
        .get("code")?
        .text()
}

/// The `code` element for a usage.
pub fn code(usage: &str) -> Node {
    let coding = Node::object()
        .with("system", system::OTHER_RESOURCE_USAGE)
        .with("code", usage)
        .with("display", usage);
    Node::object().with("coding", [coding])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object;

    #[test]
    fn the_usage_is_the_coding_of_the_right_system() {
        let foreign = object! { "system" => "urn:x", "code" => "y" };
        let mut concept = code("CareTeam");
        concept.get_mut("coding").and_then(Node::as_array_mut).unwrap().insert(0, foreign.clone());
        let other = object! { "resourceType" => "Other", "code" => concept };
        assert_eq!(usage(&other), Some("CareTeam"));
        let other =
            object! { "resourceType" => "Other", "code" => object! { "coding" => [foreign] } };
        assert_eq!(usage(&other), None);
        assert_eq!(
            usage(&object! { "resourceType" => "Patient", "code" => code("CareTeam") }),
            None
        );
    }
}
