//! Chains, `_has`, unknown and refused parameters.

use koppeltaal_core::search::Target;

use super::*;

fn targets(condition: &Condition) -> Vec<&str> {
    let Condition::RefersTo { targets, .. } = condition else { panic!("{condition:?}") };
    targets.iter().map(|target| target.resource_type.as_str()).collect()
}

#[test]
fn a_chain_has_conditions_for_each_type_it_leads_to() {
    assert_eq!(targets(&condition("Task", "instantiates.publisherId=x")), ["ActivityDefinition"]);
    assert_eq!(targets(&condition("Task", "patient.name=x")), ["Patient"]);
    assert_eq!(targets(&condition("Task", "owner:Patient.name=x")), ["Patient"]);
    let all = condition("Task", "owner.name=x");
    assert_eq!(targets(&all), ["Organization", "Patient", "Practitioner", "RelatedPerson"]);
    let Condition::RefersTo { targets, .. } = all else { panic!() };
    for Target { resource_type, conditions } in targets {
        assert_eq!(conditions, [condition(&resource_type, "name=x")]);
    }
}

#[test]
fn chains_have_modifiers_and_levels_and_lead_backwards() {
    let Condition::RefersTo { targets, .. } =
        condition("Task", "patient.organization:Organization.partof.name:exact=X")
    else {
        panic!()
    };
    assert_eq!(targets[0].conditions, [condition("Patient", "organization.partof.name:exact=X")]);
    let Condition::ReferredBy { source, parameter } =
        condition("Patient", "_has:Task:patient:status=ready")
    else {
        panic!()
    };
    assert_eq!(source.resource_type, "Task");
    assert_eq!(source.conditions, [condition("Task", "status=ready")]);
    assert_eq!(parameter, koppeltaal_fhir::r4::search::parameter_number("Task", "patient"));
    let nested =
        condition("Practitioner", "_has:Patient:general-practitioner:_has:Task:patient:code=a");
    let Condition::ReferredBy { source, .. } = nested else { panic!() };
    assert_eq!(source.conditions, [condition("Patient", "_has:Task:patient:code=a")]);
    let mixed = condition("Task", "patient._has:CareTeam:patient:status=active");
    let Condition::RefersTo { targets, .. } = mixed else { panic!() };
    assert_eq!(
        targets[0].conditions,
        [condition("Patient", "_has:CareTeam:patient:status=active")]
    );
    condition("Patient", "_has:Task:patient:owner.name=x");
    condition("Patient", "_has:Task:patient:_id=1");
}

#[test]
fn a_chain_that_leads_nowhere_is_refused() {
    for query in [
        "status.name=a",
        "patient.nothing=a",
        "patient:Device.name=a",
        "patient:Nothing.name=a",
        "_has=a",
        "_has:=a",
        "_has.name=a",
        "patient._has=a",
        "_has:Task=a",
        "_has:Task:owner=a",
        "_has:Nothing:owner:code=a",
        "_has:Task:nothing:code=a",
        "_has:Task:status:code=a",
        "_has:Patient:organization:name=a",
        "_has:Task:part-of:nothing=a",
    ] {
        assert_eq!(refused("Task", query).0, "invalid", "{query}");
    }
}

#[test]
fn what_the_standard_has_and_this_server_not_is_refused_by_name() {
    for query in [
        "_contained=true",
        "_containedType=container",
        "_list=1",
        "_offset=20",
        "_query=x",
        "_filter=name eq a",
        "_filter=",
        "_type=Task",
        "_type=Patient,Task",
    ] {
        let (code, told) = refused("Patient", query);
        assert_eq!(code, "not-supported", "{query}");
        assert!(told.contains(query.split('=').next().unwrap()), "{told}");
    }
    assert!(read("Patient", "_type=Patient").conditions.is_empty());
}

#[test]
fn unknown_parameters_are_told_and_refused_when_strict() {
    let lenient = read("Patient", "foo=1&name=a&bar:exact=2&nothing.name=x&name=&gender=,");
    assert_eq!(lenient.conditions.len(), 1);
    assert_eq!(lenient.used, [("name".to_owned(), "a".to_owned())]);
    let places: Vec<_> =
        lenient.ignored.iter().map(|issue| issue.expression.clone().unwrap()).collect();
    assert_eq!(
        places,
        ["http.foo", "http.bar:exact", "http.nothing.name", "http.name", "http.gender"]
    );
    assert!(lenient.ignored.iter().all(|issue| issue.severity == "warning"));
    let strict = read_as("Patient", "foo=1&name=a&bar=2", true).unwrap_err();
    assert_eq!(strict.status, 400);
    assert_eq!(strict.issues.len(), 2, "one issue per problem");
}

#[test]
fn every_mistake_is_an_issue() {
    let refusal = read_as("Patient", "birthdate=x&active:text=a&gender:foo=1", false).unwrap_err();
    let places: Vec<_> = refusal.issues.iter().map(|one| one.expression.clone().unwrap()).collect();
    assert_eq!(places, ["http.birthdate", "http.gender:foo"]);
}
