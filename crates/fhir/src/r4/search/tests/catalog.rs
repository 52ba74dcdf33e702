//! The parameters of all types.

use std::collections::{BTreeSet, HashMap};

use super::super::parameter_number;
use super::{parameters, types};
use crate::r4::definition::{Definitions, SearchKind};
use crate::r4::profile::koppeltaal;

const STORED: [&str; 11] = [
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

#[test]
fn no_two_parameters_have_the_same_number() {
    let mut seen = HashMap::new();
    for name in types() {
        let mut codes = vec!["_reference".to_owned()];
        for parameter in koppeltaal().search_parameters(&name) {
            for variant in ["", ":high", ":text", ":of-type", ":identifier"] {
                codes.push(format!("{}{variant}", parameter.code));
            }
        }
        codes.sort();
        codes.dedup();
        for code in codes {
            let before = seen.insert(parameter_number(&name, &code), (name.clone(), code.clone()));
            assert_eq!(before, None, "{name}.{code}");
        }
    }
    assert!(seen.len() > 2_000, "only {}", seen.len());
}

#[test]
fn every_parameter_of_the_definitions_is_usable() {
    assert_eq!(parameters().unusable(), []);
    for name in types() {
        let known: BTreeSet<&str> =
            koppeltaal().search_parameters(&name).map(|p| p.code.as_str()).collect();
        let found: Vec<&str> =
            parameters().for_type(&name).map(|p| p.definition().code.as_str()).collect();
        assert_eq!(found.len(), known.len(), "{name}");
        assert!(found.iter().all(|code| known.contains(code)), "{name}");
    }
    for name in STORED {
        assert!(types().contains(name), "{name}");
    }
}

#[test]
fn only_few_expressions_need_the_engine() {
    let mut left = BTreeSet::new();
    for name in types() {
        let own = parameters().for_type(&name).filter(|p| p.is_engine());
        left.extend(own.map(|p| format!("{name}.{}", p.definition().code)));
    }
    let expected = ["Bundle.composition", "Patient.deceased"];
    assert_eq!(left, expected.map(str::to_owned).into());
}

#[test]
fn own_parameters_come_before_those_of_all_resources() {
    let codes: Vec<&str> =
        parameters().for_type("Task").map(|p| p.definition().code.as_str()).collect();
    let at = |code: &str| codes.iter().position(|found| *found == code).unwrap();
    assert!(at("authored-on") < at("status") && at("status") < at("_id"));
    for code in ["_tag", "_profile", "_security", "_source"] {
        assert!(parameters().find("Task", code).unwrap().has_rows(), "{code}");
    }
    for code in ["_id", "_lastUpdated", "_text", "_content"] {
        assert!(!parameters().find("Task", code).unwrap().has_rows(), "{code}");
    }
    assert!(parameters().find("Task", "birthdate").is_none());
    assert!(parameters().find("Observation", "_id").is_none(), "a type without a structure");
    assert_eq!(
        parameters().find("Task", "owner").unwrap().number(),
        parameter_number("Task", "owner")
    );
}

#[test]
fn codes_of_required_value_sets_have_a_system() {
    for (name, code, system) in [
        ("Patient", "gender", Some("http://hl7.org/fhir/administrative-gender")),
        ("Task", "status", Some("http://hl7.org/fhir/task-status")),
        ("Subscription", "payload", Some("urn:ietf:bcp:13")),
        // Its value set takes codes from two systems.
        ("Task", "intent", None),
        ("Task", "code", None),
        ("Patient", "identifier", None),
        ("Patient", "deceased", None),
        ("Task", "_id", None),
    ] {
        assert_eq!(parameters().find(name, code).unwrap().token_system(), system, "{name}.{code}");
    }
}

#[test]
fn composites_know_their_parts() {
    for (name, code, kind) in [
        ("ActivityDefinition", "context-type-value", SearchKind::Token),
        ("ActivityDefinition", "context-type-quantity", SearchKind::Quantity),
        ("ValueSet", "context-type-value", SearchKind::Token),
        ("StructureDefinition", "context-type-quantity", SearchKind::Quantity),
    ] {
        let components = parameters().find(name, code).unwrap().components();
        assert_eq!(components.len(), 2, "{name}.{code}");
        assert_eq!(components[0].definition().code, "context-type");
        assert_eq!((components[0].kind(), components[1].kind()), (SearchKind::Token, kind));
        assert_eq!(components[0].token_system(), None);
    }
    assert!(parameters().find("Task", "owner").unwrap().components().is_empty());
}

#[test]
fn references_hold_what_they_refer_to_except_what_audit_events_tell_of() {
    let numbers = parameters().referring(["Task", "AuditEvent"]);
    let has = |name: &str, code: &str| numbers.contains(&parameter_number(name, code));
    for (name, code) in [
        ("Task", "owner"),
        ("Task", "subject"),
        ("Task", "instantiates"),
        ("Task", "resource-origin"),
        ("Task", "_reference"),
        ("AuditEvent", "agent"),
        ("AuditEvent", "source"),
        ("AuditEvent", "resource-origin"),
        ("AuditEvent", "_reference"),
    ] {
        assert!(has(name, code), "{name}.{code}");
    }
    assert!(!has("AuditEvent", "entity") && !has("AuditEvent", "patient"));
    assert!(!has("Task", "status") && !has("CareTeam", "subject"));
    assert!(
        parameters().referring(["CareTeam"]).contains(&parameter_number("CareTeam", "patient"))
    );
}

#[test]
fn the_core_alone_has_its_parameters_too() {
    let core = super::super::Parameters::new(Definitions::core());
    assert!(core.find("Task", "owner").is_some() && core.find("Task", "instantiates").is_none());
    assert_eq!(core.unusable(), []);
}
