//! A naming system as the resource of this name (FHIR R4, NamingSystem).

use crate::node::Node;
use crate::object;
use crate::r4::profile::NamingSystem;

/// R4 demands a date: the day on which the client id of Koppeltaal was defined.
const DATE: &str = "2023-01-19";

/// The NamingSystem with this id.
pub fn naming_system(system: &NamingSystem, id: &str) -> Node {
    let kind = match &system.unique_id {
        oid if oid.starts_with("urn:oid:") => "oid",
        uuid if uuid.starts_with("urn:uuid:") => "uuid",
        _ => "uri",
    };
    let unique_id = object! { "type" => kind, "value" => &system.unique_id, "preferred" => true };
    object! {
        "resourceType" => "NamingSystem",
        "id" => id,
        "name" => &system.name,
        "status" => "active",
        "kind" => &system.kind,
        "date" => DATE,
        "uniqueId" => [unique_id],
    }
}
