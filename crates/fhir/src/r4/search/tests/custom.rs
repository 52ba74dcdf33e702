//! Search parameters that a domain brings.

use super::super::{
    Parameters, Row, Unusable, UnusableParameter, check, hash, index, parameter_number,
};
use super::parse;
use crate::r4::definition::{Component, Definitions, Overlay, SearchKind, SearchParameter};
use crate::r4::profile::koppeltaal;

pub fn parameter(code: &str, base: &str, kind: SearchKind, expression: &str) -> SearchParameter {
    let mut parameter = SearchParameter::new(&format!("urn:sp:{code}"), code, kind);
    parameter.base = vec![base.to_owned()];
    parameter.expression = Some(expression.to_owned());
    parameter
}

pub fn with(search_parameters: Vec<SearchParameter>) -> (Definitions, Parameters) {
    let definitions = koppeltaal().with(Overlay { search_parameters, ..Overlay::default() });
    let parameters = Parameters::new(&definitions);
    (definitions, parameters)
}

/// The rows of one parameter for one resource, as value and qualifier.
pub fn rows_of(parameter: SearchParameter, variant: &str, resource: &str) -> Vec<(String, i64)> {
    let node = parse(resource);
    let code = format!("{}{variant}", parameter.code);
    let number = parameter_number(node.resource_type().unwrap(), &code);
    let (definitions, parameters) = with(vec![parameter]);
    assert_eq!(parameters.unusable(), []);
    let rows = index(&node, &parameters, &definitions, Some(super::BASE)).rows;
    rows.into_iter()
        .filter(|row| row.parameter == number)
        .map(|Row { value, qualifier, .. }| (value, qualifier))
        .collect()
}

#[test]
fn any_expression_of_the_engine_is_indexed() {
    let task = r#"{"resourceType": "Task", "status": "ready", "priority": "asap", "input": [
        {"type": {"text": "a"}, "valueString": "Één"}, {"type": {"text": "b"}, "valueDecimal": 2.5}]}"#;
    for (kind, expression, expected) in [
        (SearchKind::Token, "Task.status = 'ready' and Task.priority = 'asap'", vec![("true", 0)]),
        (SearchKind::Token, "Task.input.count() + 1", vec![("3", 0)]),
        (SearchKind::Number, "Task.input.count()", vec![("250000000012", 0)]),
        (
            SearchKind::String,
            "Task.status & ' ' & Task.priority",
            vec![("ready asap", hash("ready asap"))],
        ),
        (SearchKind::String, "Task.input.where(type.text = 'a').value", vec![("een", hash("Één"))]),
        (SearchKind::String, "Task.input[0].value.as(string)", vec![("een", hash("Één"))]),
        (SearchKind::Number, "Task.input.value.ofType(decimal)", vec![("2500000000125", 0)]),
        // More than one item where the function takes one: nothing is found, nothing breaks.
        (SearchKind::Token, "Task.input.type.text.length()", vec![]),
        (SearchKind::Token, "Task.nothing.here", vec![]),
    ] {
        let found = rows_of(parameter("own", "Task", kind, expression), "", task);
        let found: Vec<(&str, i64)> = found.iter().map(|(value, q)| (value.as_str(), *q)).collect();
        assert_eq!(found, expected, "{expression}");
    }
}

#[test]
fn an_expression_that_cannot_be_compiled_is_told_by_name() {
    let wrong = parameter("own", "Task", SearchKind::Token, "Task.status.frobnicate()");
    let error = check(&wrong).unwrap_err();
    assert!(error.to_string().contains("\"frobnicate\""), "{error}");
    let (_, parameters) = with(vec![wrong]);
    assert!(parameters.find("Task", "own").is_none());
    let expected = UnusableParameter {
        resource_type: "Task".to_owned(),
        url: "urn:sp:own".to_owned(),
        code: "own".to_owned(),
        reason: error,
    };
    assert_eq!(parameters.unusable(), [expected]);
}

#[test]
fn what_cannot_be_indexed_is_refused() {
    let mut without = parameter("own", "Task", SearchKind::Token, "x");
    without.expression = None;
    assert_eq!(check(&without), Err(Unusable::NoExpression));
    let special = parameter("own", "Task", SearchKind::Special, "Task.status");
    assert_eq!(check(&special), Err(Unusable::Special));
    let lonely = parameter("own", "Task", SearchKind::Composite, "Task.input");
    assert_eq!(check(&lonely), Err(Unusable::Composite));
    assert_eq!(check(&parameter("own", "Task", SearchKind::Token, "Task.status")), Ok(()));
}

#[test]
fn a_composite_of_other_kinds_is_told() {
    let part = |definition: &str, expression: &str| Component {
        definition: definition.to_owned(),
        expression: expression.to_owned(),
    };
    let status = "http://hl7.org/fhir/SearchParameter/Task-status";
    let period = "http://hl7.org/fhir/SearchParameter/Task-period";
    let mut own = parameter("own", "Task", SearchKind::Composite, "Task");
    own.components = vec![part(status, "status"), part(period, "executionPeriod")];
    assert_eq!(check(&own), Ok(()), "alone it cannot be known");
    let (_, parameters) = with(vec![own.clone()]);
    assert_eq!(parameters.unusable()[0].reason, Unusable::Composite);

    let intent = "http://hl7.org/fhir/SearchParameter/Task-intent";
    own.components = vec![part(status, "status"), part(intent, "intent")];
    let task = r#"{"resourceType": "Task", "status": "ready", "intent": "plan"}"#;
    let found: Vec<String> = rows_of(own, "", task).into_iter().map(|(value, _)| value).collect();
    let system = "http://hl7.org/fhir/task-status|ready";
    let expected = [
        format!("{system}$plan"),
        format!("{system}$|plan"),
        "ready$plan".to_owned(),
        "ready$|plan".to_owned(),
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_own_parameter_takes_the_place_of_one_with_its_code() {
    let task = r#"{"resourceType": "Task", "status": "ready", "intent": "plan"}"#;
    let own = parameter("status", "Task", SearchKind::Token, "Task.intent");
    assert_eq!(rows_of(own, "", task), [("plan".to_owned(), 0)]);
}

#[test]
fn a_parameter_for_another_type_or_without_a_type_is_no_trouble() {
    let (_, parameters) = with(vec![
        parameter("own", "Observation", SearchKind::Token, "Observation.status"),
        parameter("other", "Task", SearchKind::Token, "Patient.active"),
    ]);
    assert!(parameters.find("Observation", "own").is_none());
    assert_eq!(parameters.unusable()[0].reason, Unusable::NoExpression);
}

#[test]
fn what_a_parameter_of_a_domain_refers_to_is_held_without_it() {
    let task = parse(
        r#"{"resourceType": "Task", "owner": {"reference": "Practitioner/1"},
        "extension": [{"url": "urn:x", "valueReference": {"reference": "Organization/1"}}]}"#,
    );
    let own = parameter(
        "own",
        "Task",
        SearchKind::Reference,
        "Task.extension('urn:x').value | Task.owner",
    );
    let (definitions, parameters) = with(vec![own]);
    let rows = index(&task, &parameters, &definitions, None).rows;
    let of = |code: &str| -> Vec<&str> {
        let number = parameter_number("Task", code);
        rows.iter().filter(|row| row.parameter == number).map(|row| &*row.value).collect()
    };
    assert_eq!(of("own"), ["Organization/1", "Practitioner/1"]);
    assert_eq!((of("_reference"), of("owner")), (vec!["Organization/1"], vec!["Practitioner/1"]));
    // Before the parameter is ready, after it went, and where Koppeltaal's own are not there.
    let numbers = parameters.referring(["Task"]);
    for other in [koppeltaal(), Definitions::core()] {
        assert_eq!(Parameters::new(other).referring(["Task"]), numbers);
    }
    assert!(!numbers.contains(&parameter_number("Task", "own")));
}
