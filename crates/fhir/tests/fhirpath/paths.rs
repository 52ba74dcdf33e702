//! Names, indexers, choices, types at the beginning of a path, children and descendants.

use koppeltaal_fhir::r4::fhirpath::{Context, Expression, UNTYPED};

use crate::support::{check, check_errors, check_on, parse, show};

#[test]
fn names_lead_to_children() {
    check(&[
        ("id", "\"p1\""),
        ("name.given", "\"Jan\", \"Piet\", \"Jan\""),
        ("Patient.name.given", "\"Jan\", \"Piet\", \"Jan\""),
        ("name.family", "\"Jansen\", <no value>"),
        ("meta.versionId", "\"3\""),
        ("nothing", "{}"),
        ("nothing.more", "{}"),
        ("name.nothing", "{}"),
        ("gender.nothing", "{}"),
        ("`gender`", "\"male\""),
        ("text.`div`.exists()", "true"),
        ("text.div.exists()", "true"),
        ("contact.name.family", "\"Vries\""),
        ("contact.relationship.text", "\"friend\""),
        ("resourceType", "{}"),
        ("'a'.name", "{}"),
        ("1.value", "{}"),
        ("$this.id", "\"p1\""),
    ]);
}

#[test]
fn a_type_begins_a_path_when_the_focus_is_of_it() {
    check(&[
        ("Patient.id", "\"p1\""),
        ("FHIR.Patient.id", "\"p1\""),
        ("Resource.id", "\"p1\""),
        ("DomainResource.id", "\"p1\""),
        ("Person.id", "{}"),
        ("Observation.value", "{}"),
        ("Patient.gender | Person.gender | Practitioner.gender", "\"male\""),
        ("Patient", &whole()),
        ("Person", "{}"),
        ("name.where(Patient.exists()).count()", "0"),
        ("contained.where(Organization.name = 'Clinic').id", "\"o1\""),
    ]);
}

fn whole() -> String {
    koppeltaal_fhir::json::render(&crate::data::patient())
}

#[test]
fn indexers_pick_one() {
    check(&[
        ("name[0].use", "\"official\""),
        ("name[2].use", "\"old\""),
        ("name[3]", "{}"),
        ("name[-1]", "{}"),
        ("name[{}]", "{}"),
        ("name[multipleBirth].use", "\"old\""),
        ("name[1 + 1].use", "\"old\""),
        ("name.given[1]", "\"Piet\""),
        ("(1 | 2 | 3)[1]", "2"),
        ("name[0][0].use", "\"official\""),
        (
            "name[99999999999999999999]",
            "error: The FHIRPath expression gives an index a value of a type that it is not defined for.",
        ),
    ]);
    check_errors(&[("name['a']", "type"), ("name[1 | 2]", "several values")]);
}

#[test]
fn choices_are_found_without_their_type() {
    check(&[
        ("deceased", "\"2020-05\""),
        ("multipleBirth", "2"),
        ("Patient.deceased", "\"2020-05\""),
        (
            "extension.value",
            "true, {\"value\":1.80,\"unit\":\"m\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"m\"}",
        ),
        ("extension[2].extension.value", "\"x\", 7"),
        ("deceased is dateTime", "true"),
        ("deceased is boolean", "false"),
        ("multipleBirth is integer", "true"),
        ("birthDate.extension.value", "\"1974-12-25T14:35:45-05:00\""),
        ("birthDate.extension.value is dateTime", "true"),
        ("multiple", "{}"),
        ("general", "{}"),
        ("managing", "{}"),
    ]);
}

#[test]
fn a_choice_may_have_extensions_only() {
    let observation = parse(
        r#"{"resourceType": "Observation", "_valueString": {"extension": [{"url": "u", "valueCode": "c"}]}}"#,
    );
    let extension = parse(
        r#"{"resourceType": "Basic", "extension": [{"url": "u", "_valueDate": {"id": "1"}}]}"#,
    );
    check_on(
        &extension,
        &[
            ("extension.value.exists()", "true"),
            ("extension.value.hasValue()", "false"),
            ("extension.value.id", "\"1\""),
            ("extension.value is date", "true"),
            ("extension.value.count()", "1"),
        ],
    );
    // A resource whose type has no definition here: the name is taken at its word.
    check_on(&observation, &[("value.extension.url", "\"u\""), ("value.count()", "1")]);
}

#[test]
fn primitives_keep_their_extensions() {
    check(&[
        ("birthDate.extension.url", "\"http://example.org/time\""),
        ("name.given.extension.value", "\"IN\""),
        ("name.given[1].extension.url", "\"http://example.org/q\""),
        ("name[2].family.extension.value", "\"unknown\""),
        ("name[2].family.exists()", "true"),
        ("name[2].family.hasValue()", "false"),
        ("name.given.count()", "3"),
        ("gender.extension", "{}"),
    ]);
}

#[test]
fn children_are_all_elements_and_not_the_type_of_the_resource() {
    check(&[
        ("children().count()", "25"),
        ("name[0].children().count()", "4"),
        ("name[2].children().count()", "2"),
        (
            "maritalStatus.children()",
            "{\"system\":\"http://example.org/m\",\"code\":\"M\"}, \"Married\"",
        ),
        ("gender.children()", "{}"),
        ("birthDate.children().url", "\"http://example.org/time\""),
        ("'a'.children()", "{}"),
        ("name.children().where($this = 'Jansen').count()", "1"),
        ("contained.children().count()", "2"),
    ]);
}

#[test]
fn descendants_are_children_at_every_level() {
    check(&[
        ("maritalStatus.descendants().count()", "4"),
        (
            "maritalStatus.descendants()",
            "{\"system\":\"http://example.org/m\",\"code\":\"M\"}, \"Married\", \"http://example.org/m\", \"M\"",
        ),
        ("gender.descendants()", "{}"),
        (
            "descendants().reference",
            "\"Practitioner/g1\", \"https://example.org/fhir/Organization/o2\", \"#o1\", \"RelatedPerson/r1\"",
        ),
        ("descendants().where($this is uri).count() >= 3", "true"),
        ("descendants().as(dateTime)", "\"2020-05\", \"1974-12-25T14:35:45-05:00\""),
    ]);
}

#[test]
fn without_types_the_json_is_all_there_is() {
    let node = parse(
        r#"{"resourceType": "Observation", "valueQuantity": {"value": 3}, "status": "final"}"#,
    );
    for (text, expected) in [
        ("value", r#"{"value":3}"#),
        ("value is Quantity", "true"),
        ("value.value", "3"),
        ("status", "\"final\""),
        ("Observation.status", "\"final\""),
        ("Patient.status", "{}"),
    ] {
        let expression = Expression::parse(text).unwrap();
        let context = Context::new(&node, &UNTYPED);
        assert_eq!(show(&expression.evaluate(&context).unwrap()), expected, "{text}");
    }
}
