//! Ids of elements are unique in a resource.

use super::samples::sample;
use super::*;

/// The issues of a patient with these members besides.
fn told(more: &str) -> Vec<String> {
    let mut patient = sample("Patient");
    for (name, value) in parse(more).as_object().unwrap().iter() {
        patient.as_object_mut().unwrap().insert(name, value.clone());
    }
    lines(&report(&patient))
}

#[test]
fn the_same_id_on_two_elements_is_refused_where_it_comes_again() {
    let found = told(
        r#"{"_birthDate": {"id": "a"}, "_active": {"id": "b"},
            "managingOrganization": {"id": "a", "display": "x"}}"#,
    );
    let [only] = found.as_slice() else { panic!("{found:#?}") };
    assert!(only.starts_with("error invariant Patient.managingOrganization.id:"), "{only}");
    assert!(only.ends_with("[Element.id]"), "{only}");
}

#[test]
fn ids_of_resources_and_of_contained_elements_are_another_matter() {
    let inner = |id: &str| {
        format!(
            r##"{{"resourceType": "RelatedPerson", "id": "{id}", "_birthDate": {{"id": "a"}},
                "patient": {{"reference": "#"}}}}"##
        )
    };
    let found = told(&format!(
        r#"{{"id": "a", "_birthDate": {{"id": "a"}}, "contained": [{}, {}]}}"#,
        inner("a"),
        inner("b")
    ));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn slices_and_profiles_look_at_an_id_once() {
    // Names of a patient are sliced and have profiles of their own.
    let mut patient = sample("Patient");
    let names = patient.get_mut("name").unwrap().as_array_mut().unwrap();
    for (index, name) in names.iter_mut().enumerate() {
        name.as_object_mut().unwrap().insert("id", format!("n{index}"));
    }
    assert_eq!(lines(&report(&patient)), Vec::<String>::new());
}

#[test]
fn a_structure_definition_names_its_elements_twice() {
    let core = koppeltaal_fhir::r4::definition::Definitions::core();
    let mut resource = core.structure("Period").unwrap().to_resource("Period", core);
    let snapshot = resource.get("snapshot").unwrap().clone();
    resource.as_object_mut().unwrap().insert("differential", snapshot);
    let found = report(&resource);
    assert!(!found.issues.iter().any(|issue| issue.rule == "Element.id"), "{:#?}", lines(&found));
}
