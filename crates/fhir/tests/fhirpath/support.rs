//! Evaluates rows of tables and shows what comes out.

use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::r4::fhirpath::{
    Collection, Context, EvaluateError, Expression, Item, Temporal,
};
use koppeltaal_fhir::{Node, json};

use crate::data;

/// A value as the tables write it: `'text'`, `1.50`, `@2024`, JSON for elements, `{}` for nothing.
pub fn show(found: &Collection<'_>) -> String {
    if found.is_empty() {
        return "{}".to_owned();
    }
    found.iter().map(show_item).collect::<Vec<_>>().join(", ")
}

fn show_item(item: &Item<'_>) -> String {
    match item {
        Item::Boolean(value) => value.to_string(),
        Item::Integer(value) => value.to_string(),
        Item::Decimal(value) => value.to_string(),
        Item::String(text) => format!("'{text}'"),
        Item::Temporal(value) => format!("@{value}"),
        Item::Quantity(value) => value.to_string(),
        Item::Element(element) => element.value().map_or("<no value>".to_owned(), json::render),
    }
}

/// What an expression finds in a resource.
pub fn evaluate(text: &str, resource: &Node) -> Result<String, EvaluateError> {
    let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let mut context = Context::new(resource, Definitions::core());
    context.now = Temporal::date_time("2024-02-29T13:14:15.678+01:00");
    expression.evaluate(&context).map(|found| show(&found))
}

/// Rows on the patient.
pub fn check(rows: &[(&str, &str)]) {
    check_on(&data::patient(), rows);
}

/// Rows on a resource. All that fail are told at once.
pub fn check_on(resource: &Node, rows: &[(&str, &str)]) {
    let failures: Vec<String> = rows
        .iter()
        .filter_map(|(text, expected)| {
            let found = match evaluate(text, resource) {
                Ok(found) => found,
                Err(error) => format!("error: {error}"),
            };
            (found != *expected)
                .then(|| format!("{text}\n  expected {expected}\n  found    {found}"))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Expressions that are an error on the patient.
pub fn check_errors(rows: &[(&str, &str)]) {
    let patient = data::patient();
    for (text, part) in rows {
        let error = evaluate(text, &patient).expect_err(text).to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

/// Reads JSON.
pub fn parse(text: &str) -> Node {
    json::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}
