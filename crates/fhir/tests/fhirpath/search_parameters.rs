//! Expressions of search parameters find what is to be indexed.

use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::r4::fhirpath::Expression;

use crate::support::{check, check_on, parse};

#[test]
fn every_parameter_of_the_core_can_be_read() {
    let mut count = 0;
    for name in [
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
        "SearchParameter",
        "StructureDefinition",
        "ValueSet",
        "CodeSystem",
        "NamingSystem",
        "ImplementationGuide",
    ] {
        for parameter in Definitions::core().search_parameters(name) {
            if let Some(text) = &parameter.expression {
                count += 1;
                if let Err(error) = Expression::parse(text) {
                    panic!("{}: {text}: {error}", parameter.url);
                }
            }
        }
    }
    assert!(count > 200, "only {count} expressions");
}

#[test]
fn every_invariant_of_the_core_can_be_read() {
    let mut count = 0;
    for structure in Definitions::core().structures() {
        for constraint in structure.elements().iter().flat_map(|element| &element.constraints) {
            let Some(text) = &constraint.expression else { continue };
            count += 1;
            if let Err(error) = Expression::parse(text) {
                panic!("{} {}: {text}: {error}", structure.url, constraint.key);
            }
        }
    }
    assert!(count > 500, "only {count} expressions");
}

#[test]
fn parameters_of_patients_find_their_values() {
    check(&[
        ("Patient.name.family | Practitioner.name.family", "\"Jansen\", <no value>"),
        ("Patient.deceased.exists() and Patient.deceased != false", "true"),
        ("(Patient.deceased as dateTime)", "\"2020-05\""),
        (
            "Patient.telecom.where(system='email') | Person.telecom.where(system='email')",
            "{\"system\":\"email\",\"value\":\"jan@example.org\",\"rank\":2}",
        ),
        ("Patient.birthDate | Person.birthDate | RelatedPerson.birthDate", "\"1974-12-25\""),
        ("Patient.link.other", "{\"reference\":\"RelatedPerson/r1\"}"),
        ("Patient.managingOrganization", "{\"reference\":\"#o1\"}"),
        ("Resource.id", "\"p1\""),
        ("Resource.meta.lastUpdated", "\"2024-01-02T03:04:05.006Z\""),
    ]);
}

#[test]
fn a_living_patient_is_not_deceased() {
    let text = "Patient.deceased.exists() and Patient.deceased != false";
    for (deceased, expected) in [
        ("\"deceasedBoolean\": false", "false"),
        ("\"deceasedBoolean\": true", "true"),
        ("\"active\": true", "false"),
        ("\"deceasedDateTime\": \"2020\"", "true"),
    ] {
        let node = parse(&format!("{{\"resourceType\": \"Patient\", {deceased}}}"));
        check_on(&node, &[(text, expected)]);
    }
}

#[test]
fn parameters_of_other_types_find_their_values() {
    let task = parse(
        r##"{"resourceType": "Task", "for": {"reference": "Patient/p"}, "owner": {"reference": "Practitioner/g"},
            "extension": [{"url": "http://vzvz.nl/fhir/StructureDefinition/instantiates", "valueReference": {"reference": "ActivityDefinition/a"}}],
            "executionPeriod": {"start": "2024"}}"##,
    );
    check_on(
        &task,
        &[
            ("Task.for.where(resolve() is Patient)", "{\"reference\":\"Patient/p\"}"),
            ("Task.owner.where(resolve() is Patient)", "{}"),
            (
                "Task.extension('http://vzvz.nl/fhir/StructureDefinition/instantiates').value",
                "{\"reference\":\"ActivityDefinition/a\"}",
            ),
            ("Task.executionPeriod", "{\"start\":\"2024\"}"),
        ],
    );
    let definition = parse(
        r#"{"resourceType": "ActivityDefinition", "useContext": [
            {"valueCodeableConcept": {"text": "a"}}, {"valueQuantity": {"value": 1}}, {"valueCodeableConcept": {"text": "b"}}],
            "relatedArtifact": [{"type": "depends-on", "resource": "http://a"}, {"type": "successor", "resource": "http://b"}],
            "library": ["http://c"]}"#,
    );
    check_on(
        &definition,
        &[
            (
                "(ActivityDefinition.useContext.value as CodeableConcept)",
                "{\"text\":\"a\"}, {\"text\":\"b\"}",
            ),
            (
                "(ActivityDefinition.useContext.value as Quantity) | (ActivityDefinition.useContext.value as Range)",
                "{\"value\":1}",
            ),
            (
                "ActivityDefinition.relatedArtifact.where(type='depends-on').resource | ActivityDefinition.library",
                "\"http://a\", \"http://c\"",
            ),
            (
                "ActivityDefinition.useContext.select(value.as(CodeableConcept).text)",
                "\"a\", \"b\"",
            ),
        ],
    );
    let value_set = parse(
        r#"{"resourceType": "ValueSet", "expansion": {"contains": [{"code": "a"}]},
            "compose": {"include": [{"concept": [{"code": "b"}]}]}}"#,
    );
    check_on(
        &value_set,
        &[(
            "ValueSet.expansion.contains.code | ValueSet.compose.include.concept.code",
            "\"a\", \"b\"",
        )],
    );
    let bundle = parse(
        r#"{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Composition", "id": "c"}}]}"#,
    );
    check_on(
        &bundle,
        &[
            ("Bundle.entry[0].resource is Composition", "true"),
            ("entry.first().resource.is(Composition)", "true"),
            ("entry.first().resource.is(MessageHeader)", "false"),
            ("entry.resource.id", "\"c\""),
        ],
    );
}
