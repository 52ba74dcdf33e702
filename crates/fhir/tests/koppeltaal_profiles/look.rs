//! What stands in a snapshot, in a form that a table of a test can hold.

use koppeltaal_fhir::json;
use koppeltaal_fhir::r4::definition::{Element, Severity, Strength, Structure};
use koppeltaal_fhir::r4::profile::koppeltaal;

pub const KT2: &str = "http://koppeltaal.nl/fhir/StructureDefinition/";
pub const NICTIZ: &str = "http://nictiz.nl/fhir/StructureDefinition/";

/// The structure with this name: of Koppeltaal, the Dutch data types, or by URL.
pub fn structure(name: &str) -> &'static Structure {
    [format!("{KT2}{name}"), format!("{NICTIZ}{name}"), name.to_owned()]
        .iter()
        .find_map(|url| koppeltaal().structure(url))
        .unwrap_or_else(|| panic!("there is no {name}"))
}

/// The element with this id without the type; `.` is the root.
pub fn element(profile: &str, id: &str) -> &'static Element {
    let structure = structure(profile);
    let root = &structure.type_name;
    let full = if id == "." { root.to_owned() } else { format!("{root}.{id}") };
    let at = structure.position(&full).unwrap_or_else(|| panic!("{profile} has no {full}"));
    &structure.elements()[at]
}

pub fn cardinality(profile: &str, id: &str) -> String {
    let element = element(profile, id);
    let max = element.max.map_or_else(|| "*".to_owned(), |max| max.to_string());
    format!("{}..{max}", element.min)
}

/// `element card` per entry, separated by commas.
pub fn check_cardinalities(profile: &str, expected: &str) {
    for entry in expected.split(',') {
        let (id, card) = entry.trim().split_once(' ').unwrap_or_else(|| panic!("{entry}"));
        assert_eq!(cardinality(profile, id), card, "{profile} {id}");
    }
}

pub fn check_absent(profile: &str, ids: &str) {
    for id in ids.split_whitespace() {
        assert!(element(profile, id).is_forbidden(), "{profile} allows {id}");
    }
}

/// The last parts of the URLs that a reference may point at.
pub fn targets(profile: &str, id: &str) -> Vec<&'static str> {
    let types = &element(profile, id).types;
    assert_eq!(types.len(), 1, "{profile} {id}");
    types[0].targets.iter().filter_map(|url| url.rsplit('/').next()).collect()
}

pub fn type_profile(profile: &str, id: &str) -> &'static str {
    let profiles = &element(profile, id).types[0].profiles;
    assert_eq!(profiles.len(), 1, "{profile} {id}");
    &profiles[0]
}

pub fn pattern(profile: &str, id: &str) -> String {
    element(profile, id).pattern.as_ref().map(json::render).unwrap_or_default()
}

pub fn fixed(profile: &str, id: &str) -> String {
    element(profile, id).fixed.as_ref().map(json::render).unwrap_or_default()
}

pub fn binding(profile: &str, id: &str) -> (Strength, &'static str) {
    let binding = element(profile, id).binding.as_ref();
    let binding = binding.unwrap_or_else(|| panic!("{profile} {id} has no binding"));
    (binding.strength, binding.value_set.as_deref().unwrap_or_default())
}

/// `rules kind@path`.
pub fn slicing(profile: &str, id: &str) -> String {
    let slicing = element(profile, id).slicing.as_ref();
    let slicing = slicing.unwrap_or_else(|| panic!("{profile} {id} has no slices"));
    let by: Vec<String> =
        slicing.discriminators.iter().map(|d| format!("{}@{}", d.kind.code(), d.path)).collect();
    format!("{} {}", slicing.rules.code(), by.join(" "))
}

/// The names of the slices of an element in order.
pub fn slices(profile: &str, id: &str) -> Vec<&'static str> {
    let structure = structure(profile);
    let at = structure.position(&format!("{}.{id}", structure.type_name));
    let at = at.unwrap_or_else(|| panic!("{profile} has no {id}"));
    structure.slices(at).filter_map(|(_, slice)| slice.slice.as_deref()).collect()
}

pub fn check_invariant(profile: &str, id: &str, key: &str, severity: Severity, expression: &str) {
    let found = element(profile, id).constraints.iter().find(|c| c.key == key);
    let found = found.unwrap_or_else(|| panic!("{profile} {id} has no {key}"));
    assert_eq!((found.severity, found.expression.as_deref()), (severity, Some(expression)));
    assert!(!found.human.is_empty());
}

pub fn check_identifiers(profile: &str, systems: &[(&str, &str)]) {
    assert_eq!(slicing(profile, "identifier"), "open value@$this");
    assert_eq!(slices(profile, "identifier"), systems.iter().map(|s| s.0).collect::<Vec<_>>());
    for (slice, system) in systems {
        let id = format!("identifier:{slice}");
        assert_eq!(cardinality(profile, &id), "0..*");
        let system = format!(r#"{{"system":"http://fhir.nl/fhir/NamingSystem/{system}"}}"#);
        assert_eq!(pattern(profile, &id), system);
    }
}

pub fn check_telecom(profile: &str) {
    assert_eq!(slicing(profile, "telecom"), "open profile@$this");
    assert_eq!(slices(profile, "telecom"), ["telephoneNumbers", "emailAddresses"]);
    for (slice, tail) in [
        ("telephoneNumbers", "nl-core-ContactInformation-TelephoneNumbers"),
        ("emailAddresses", "nl-core-ContactInformation-EmailAddresses"),
    ] {
        let url = type_profile(profile, &format!("telecom:{slice}"));
        assert_eq!(url, format!("{NICTIZ}{tail}"));
    }
}

pub fn check_names(profile: &str) {
    assert_eq!(slicing(profile, "name"), "open value@use");
    assert_eq!(slices(profile, "name"), ["nameInformation", "nameInformation-GivenName"]);
    let url = type_profile(profile, "name:nameInformation");
    assert_eq!(url, format!("{NICTIZ}nl-core-NameInformation"));
    let url = type_profile(profile, "name:nameInformation-GivenName");
    assert_eq!(url, format!("{NICTIZ}nl-core-NameInformation.GivenName"));
    assert_eq!(pattern(profile, "name:nameInformation.use"), r#""official""#);
    assert_eq!(pattern(profile, "name:nameInformation-GivenName.use"), r#""usual""#);
    check_cardinalities(
        profile,
        "name:nameInformation 0..2, name:nameInformation-GivenName 0..*,
         name:nameInformation.use 1..1, name:nameInformation.given.extension 1..*,
         name:nameInformation.given.extension:givenOrInitial 1..*,
         name:nameInformation-GivenName.given 1..*, name:nameInformation-GivenName.family 0..0,
         name:nameInformation-GivenName.prefix 0..0, name:nameInformation-GivenName.suffix 0..0",
    );
}
