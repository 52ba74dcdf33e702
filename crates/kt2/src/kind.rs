//! The resource types that are served, and who writes them.

/// The types of Koppeltaal 2.0, which applications exchange (topic 009).
pub const EXCHANGED: [&str; 11] = [
    "ActivityDefinition",
    "AuditEvent",
    "CareTeam",
    "Device",
    "Endpoint",
    "Organization",
    "Patient",
    "Practitioner",
    "RelatedPerson",
    "Subscription",
    "Task",
];

/// The types that say what the others are: everybody reads them, nobody writes
/// them here (K002-9).
pub const CONFORMANCE: [&str; 6] = [
    "CodeSystem",
    "ImplementationGuide",
    "NamingSystem",
    "SearchParameter",
    "StructureDefinition",
    "ValueSet",
];

/// Every type that is served.
pub fn served() -> impl Iterator<Item = &'static str> {
    EXCHANGED.into_iter().chain(CONFORMANCE)
}

/// The type with this name, when it is served.
pub fn named(name: &str) -> Option<&'static str> {
    served().find(|kind| *kind == name)
}

/// Whether resources of this type say what others are.
pub fn is_conformance(kind: &str) -> bool {
    CONFORMANCE.contains(&kind)
}
