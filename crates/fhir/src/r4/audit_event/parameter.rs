//! Which search parameters of AuditEvent ask for nothing but what the shape says.

/// The parameters whose paths lead into the shape, and nowhere else.
const OF_SHAPE: [&str; 17] = [
    "_profile",
    "_security",
    "_tag",
    "action",
    "agent",
    "agent-name",
    "agent-role",
    "altid",
    "entity-role",
    "entity-type",
    "outcome",
    "policy",
    "resource-origin",
    "site",
    "source",
    "subtype",
    "type",
];

/// Does the shape alone decide which events this search parameter finds? That holds for
/// parameters of the standard and of Koppeltaal, not for others of the same name.
pub fn is_of_shape(code: &str) -> bool {
    OF_SHAPE.contains(&code)
}
