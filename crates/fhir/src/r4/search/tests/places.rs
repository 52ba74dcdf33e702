//! The references of a resource, where they stand, and how all of them get into the index.

use super::super::{Row, logical_references, parameter_number, references};
use super::{indexed, logged, parse};

#[test]
fn every_literal_reference_is_found_with_its_place() {
    let task = parse(
        r##"{"resourceType": "Task", "id": "t",
        "contained": [{"resourceType": "Patient", "id": "c", "managingOrganization": {"reference": "Organization/o"}}],
        "extension": [{"url": "urn:x", "valueString": "s"},
            {"url": "urn:y", "extension": [{"url": "urn:z", "valueReference": {"reference": "ActivityDefinition/a", "type": "ActivityDefinition"}}]}],
        "_status": {"extension": [{"url": "urn:x", "valueReference": {"reference": "Device/d"}}]},
        "for": {"reference": "#c"}, "owner": {"reference": "https://x.example/Patient/1"},
        "partOf": [{"reference": "Task/a"}, {"reference": "Task/b"}], "focus": {"display": "only words"},
        "requester": {"reference": ""}, "instantiatesCanonical": "http://x.example/ActivityDefinition/1"}"##,
    );
    let found: Vec<(String, &str, Option<&str>)> = references(&task)
        .into_iter()
        .map(|found| (found.expression, found.reference, found.stated_type))
        .collect();
    let expected = [
        ("Task.contained[0].managingOrganization", "Organization/o", None),
        (
            "Task.extension[1].extension[0].valueReference",
            "ActivityDefinition/a",
            Some("ActivityDefinition"),
        ),
        ("Task.status.extension[0].valueReference", "Device/d", None),
        ("Task.owner", "https://x.example/Patient/1", None),
        ("Task.partOf[0]", "Task/a", None),
        ("Task.partOf[1]", "Task/b", None),
    ];
    assert_eq!(found, expected.map(|(place, reference, kind)| (place.to_owned(), reference, kind)));
}

#[test]
fn references_by_identifier_only_are_found() {
    let task = parse(
        r#"{"resourceType": "Task", "identifier": [{"system": "urn:s", "value": "1"}],
        "groupIdentifier": {"value": "2"},
        "owner": {"identifier": {"system": "urn:agb", "value": "1"}, "display": "Dr. A", "type": "Practitioner"},
        "for": {"reference": "Patient/1", "identifier": {"value": "3"}},
        "extension": [{"url": "urn:x", "valueReference": {"identifier": {"value": "4"}}}, {"url": "urn:x", "valueIdentifier": {"value": "5"}}],
        "restriction": {"recipient": [{"display": "x"}, {"identifier": {"value": "6"}, "_display": {"id": "1"}}]}}"#,
    );
    let expected =
        ["Task.owner", "Task.extension[0].valueReference", "Task.restriction.recipient[1]"];
    assert_eq!(logical_references(&task), expected);
}

#[test]
fn the_elements_of_a_structure_definition_are_not_its_references() {
    let definition = parse(
        r#"{"resourceType": "StructureDefinition", "snapshot": {"element": [{"patternReference": {"reference": "Patient/1"}}]},
        "differential": {"element": [{"fixedReference": {"reference": "Patient/1"}}]},
        "extension": [{"url": "urn:x", "valueReference": {"reference": "Device/d"}}]}"#,
    );
    let found = references(&definition);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].expression, "StructureDefinition.extension[0].valueReference");
}

#[test]
fn a_reference_that_no_parameter_has_is_indexed_once() {
    let found = indexed(
        r##"{"resourceType": "Patient", "contact": [{"organization": {"reference": "Organization/1"}},
        {"organization": {"reference": "Organization/1/_history/2"}}, {"organization": {"reference": "#c"}}],
        "link": [{"other": {"reference": "Patient/2"}}],
        "extension": [{"url": "urn:x", "valueReference": {"reference": "https://kt.example/api/v1/d/fhir/r4/Patient/2"}}]}"##,
    );
    let of = |code: &str| -> Vec<&str> {
        let number = parameter_number("Patient", code);
        found.rows.iter().filter(|row| row.parameter == number).map(|row| &*row.value).collect()
    };
    assert_eq!(of("link"), ["Patient/2"]);
    assert_eq!(of("_reference"), ["Organization/1"]);
}

#[test]
fn what_an_audit_event_tells_of_is_not_held_by_it() {
    let others = |event: &str| -> Vec<String> {
        let number = parameter_number("AuditEvent", "_reference");
        let rows = indexed(event).rows.into_iter();
        rows.filter(|row| row.parameter == number).map(|Row { value, .. }| value).collect()
    };
    assert!(logged::AUDIT_EVENT.contains("Patient/p1/_history/7"));
    assert_eq!(others(logged::AUDIT_EVENT), Vec::<String>::new());
    // The same reference elsewhere does hold.
    let event = r#"{"resourceType": "AuditEvent", "entity": [{"what": {"reference": "Patient/1"},
        "extension": [{"url": "urn:x", "valueReference": {"reference": "Patient/1"}}]}]}"#;
    assert_eq!(others(event), ["Patient/1"]);
}

#[test]
fn an_audit_event_tells_of_the_past_in_its_entities_only() {
    let event = parse(
        r#"{"resourceType": "AuditEvent",
        "agent": [{"who": {"reference": "Device/a"}}], "source": {"observer": {"reference": "Device/b"}},
        "entity": [{"what": {"reference": "Patient/c", "extension": [{"url": "urn:x", "valueReference": {"reference": "Patient/d"}}]}}],
        "extension": [{"url": "urn:entity", "valueReference": {"reference": "Task/e"}}]}"#,
    );
    let found = references(&event);
    let free: Vec<&str> = found.iter().filter(|one| one.is_free).map(|one| one.reference).collect();
    assert_eq!((found.len(), free), (5, vec!["Patient/c"]));
    let other =
        parse(r#"{"resourceType": "Task", "entity": [{"what": {"reference": "Patient/c"}}]}"#);
    assert!(references(&other).iter().all(|one| !one.is_free));
}
