//! Canonical URLs: definitions are named by URL, optionally with `|version` (FHIR R4, "References
//! between resources", 2.3.0.5).

/// Before the name of a type, this makes the canonical URL of its definition.
pub const CORE_STRUCTURE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// The URL without `|version` and without `#fragment`.
pub fn canonical_url(canonical: &str) -> &str {
    let end = canonical.find(['|', '#']).unwrap_or(canonical.len());
    canonical.get(..end).unwrap_or(canonical)
}

/// The version after `|`.
pub fn canonical_version(canonical: &str) -> Option<&str> {
    let (_, version) = canonical.split_once('|')?;
    Some(version.split('#').next().unwrap_or(version))
}
