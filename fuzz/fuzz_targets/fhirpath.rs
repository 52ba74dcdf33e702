//! An expression in the first line and a resource in the rest; without one, a patient. Whatever
//! both are: an answer or an error, the same one each time, and never much work.

#![no_main]

use std::sync::LazyLock;

use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::r4::fhirpath::{Context, Expression, MAX_LENGTH, MAX_STEPS, Temporal};
use koppeltaal_fhir::{Node, json};
use libfuzzer_sys::fuzz_target;

static PATIENT: LazyLock<Node> =
    LazyLock::new(|| json::parse(include_bytes!("../patient.json")).unwrap_or(Node::Null));

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(expression) = Expression::parse(first) else {
        return;
    };
    assert!(first.len() <= MAX_LENGTH);
    assert_eq!(expression.to_string(), first);
    match json::parse(rest.as_bytes()) {
        Ok(resource) => check(&expression, &resource),
        Err(_) => check(&expression, &PATIENT),
    }
});

fn check(expression: &Expression, resource: &Node) {
    let mut context = Context::new(resource, Definitions::core());
    context.now = Temporal::date_time("2024-02-29T13:14:15.678+01:00");
    let found = expression.evaluate(&context);
    let again = expression.clone();
    let other = again.evaluate(&context);
    match (&found, &other) {
        (Ok(found), Ok(other)) => {
            assert!(found.len() <= MAX_STEPS);
            assert_eq!(found.len(), other.len());
        }
        (found, other) => assert_eq!(found.as_ref().err(), other.as_ref().err()),
    }
    let holds = expression.is_true(&context);
    match found {
        Err(error) => assert_eq!(holds, Err(error)),
        Ok(found) if found.is_empty() => assert_eq!(holds, Ok(false)),
        Ok(found) if found.len() > 1 => assert!(holds.is_err()),
        Ok(_) => assert!(holds.is_ok()),
    }
}
