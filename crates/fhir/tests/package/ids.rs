//! Ids of definitions.

use koppeltaal_fhir::r4::definition::Ids;

#[test]
fn an_id_is_changed_only_when_it_must_be() {
    let mut ids = Ids::default();
    let long = format!("http://example.org/ValueSet/{}", "x".repeat(80));
    for (of, url, expected) in [
        ("ValueSet", "http://a.org/ValueSet/x-1.0", "x-1.0".to_owned()),
        ("CodeSystem", "http://a.org/CodeSystem/x-1.0", "x-1.0".to_owned()),
        ("ValueSet", "http://b.org/ValueSet/x-1.0", "x-1.0-2".to_owned()),
        ("ValueSet", "http://c.org/ValueSet/x-1.0|3", "x-1.0-3".to_owned()),
        ("ValueSet", "http://c.org/ValueSet/été_2", "-t--2".to_owned()),
        ("ValueSet", "urn:oid:1.2.3", "1.2.3".to_owned()),
        ("ValueSet", "http://c.org/", "c.org".to_owned()),
        ("ValueSet", "", "definition".to_owned()),
        ("ValueSet", &long, "x".repeat(64)),
        ("ValueSet", &long, format!("{}-2", "x".repeat(62))),
    ] {
        assert_eq!(ids.give(of, url), expected, "{url}");
    }
    assert!(!ids.keep("ValueSet", "1.2.3"));
    assert!(!ids.keep("ValueSet", "a b") && !ids.keep("ValueSet", ""));
    assert!(ids.keep("ValueSet", "own"));
}
