//! `_elements`.

use koppeltaal_fhir::Node;
use koppeltaal_fhir::r4::shape::only_elements;

use crate::{core, is_subsetted, members, parse, patient};

fn only(resource: &Node, elements: &str) -> Node {
    let elements: Vec<String> = elements.split(',').map(str::to_owned).collect();
    only_elements(resource, &elements, core())
}

#[test]
fn the_named_elements_stay_with_their_extensions() {
    for (elements, expected) in [
        ("name", vec!["implicitRules", "modifierExtension", "name"]),
        ("Patient.name", vec!["implicitRules", "modifierExtension", "name"]),
        ("Patient.name.family", vec!["implicitRules", "modifierExtension", "name"]),
        (
            "birthDate,gender",
            vec!["implicitRules", "modifierExtension", "birthDate", "_birthDate", "_gender"],
        ),
        ("deceased", vec!["implicitRules", "modifierExtension", "deceasedBoolean"]),
        ("deceased[x]", vec!["implicitRules", "modifierExtension", "deceasedBoolean"]),
        ("deceasedBoolean", vec!["implicitRules", "modifierExtension", "deceasedBoolean"]),
        ("Practitioner.name,active", vec!["implicitRules", "modifierExtension", "active"]),
        ("nosuch", vec!["implicitRules", "modifierExtension"]),
        (
            "managingOrganization",
            vec!["implicitRules", "contained", "modifierExtension", "managingOrganization"],
        ),
    ] {
        let found = only(&patient(), elements);
        assert_eq!(members(&found), expected, "{elements}");
        assert!(is_subsetted(&found), "{elements}");
        assert_eq!(found.get("id"), patient().get("id"));
    }
}

#[test]
fn mandatory_elements_stay_unasked() {
    let task = parse(
        r#"{"resourceType": "Task", "id": "t", "status": "draft", "intent": "order",
        "description": "x", "owner": {"reference": "Patient/1"}}"#,
    );
    assert_eq!(members(&only(&task, "description")), ["status", "intent", "description"]);
}

#[test]
fn a_list_about_other_types_leaves_the_resource_whole() {
    for elements in ["Practitioner.name", "", " , ", "Patient"] {
        assert_eq!(only(&patient(), elements), patient(), "{elements}");
    }
    assert_eq!(only_elements(&patient(), &[], core()), patient());
}

#[test]
fn types_that_are_not_known_are_cut_by_name() {
    let basic =
        parse(r#"{"resourceType": "Basic", "id": "b", "code": {"text": "x"}, "author": {}}"#);
    let found = only(&basic, "code");
    assert_eq!(members(&found), ["code"]);
    assert!(is_subsetted(&found));
}

#[test]
fn the_tag_goes_where_meta_belongs() {
    let small =
        parse(r#"{"resourceType": "Patient", "id": "p", "active": true, "gender": "male"}"#);
    let found = only(&small, "gender");
    let names: Vec<&str> = found.as_object().unwrap().iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["resourceType", "id", "meta", "gender"]);
    // All that is there was asked for.
    assert_eq!(only(&small, "gender,active"), small);
}
