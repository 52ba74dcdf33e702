//! Tables of the rows that a resource is expected to have, in a form that people read.

use std::collections::HashMap;

use super::super::{Row, hash, number_key, parameter_number, span, time_key};
use super::{indexed, parameters, parse};
use crate::Node;

/// Checks that the resource has exactly these rows, and that every parameter of its type that
/// gives rows has one, be it under the number of one that it covers.
///
/// A line is `code = value`, `code = value # text` where the qualifier is the hash of the text, or
/// `code ~ number # text` where the value is the key of the number, or `code @ from..until`, which
/// are the two rows of a date.
pub fn check(resource: &str, table: &str) {
    let node = parse(resource);
    let resource_type = node.resource_type().unwrap();
    let mut expected: Vec<Row> = table
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .flat_map(|line| rows(resource_type, line))
        .collect();
    expected.sort();
    let found = indexed(resource).rows;
    let names = Names::of(&node, resource_type);
    let show =
        |rows: Vec<&Row>| -> String { rows.into_iter().map(|row| names.line(row)).collect() };
    let missing = show(expected.iter().filter(|row| !found.contains(row)).collect());
    let surplus = show(found.iter().filter(|row| !expected.contains(row)).collect());
    assert!(missing.is_empty() && surplus.is_empty(), "missing:\n{missing}\nsurplus:\n{surplus}");
    assert_eq!(found, expected, "rows are sorted and each is there once");
    for parameter in parameters().for_type(resource_type).filter(|p| p.has_rows()) {
        let code = parameter.definition().code.as_str();
        let numbers = [&[parameter.number()], parameter.covered()].concat();
        assert!(found.iter().any(|row| numbers.contains(&row.parameter)), "{code}");
    }
}

fn rows(resource_type: &str, line: &str) -> Vec<Row> {
    let number = |code: &str| parameter_number(resource_type, code);
    if let Some((code, period)) = line.split_once(" @ ") {
        let (from, until) = period.split_once("..").unwrap_or((period, period));
        let low = if from.trim().is_empty() { i64::MIN } else { span(from.trim()).unwrap().0 };
        let high = if until.trim().is_empty() { i64::MAX } else { span(until.trim()).unwrap().1 };
        let high_number = number(&format!("{code}:high"));
        return vec![
            Row { parameter: number(code), value: time_key(low), qualifier: high },
            Row { parameter: high_number, value: time_key(high), qualifier: low },
        ];
    }
    let (line, qualifier) = match line.split_once(" # ") {
        Some((line, text)) => (line, hash(text)),
        None => (line, 0),
    };
    let (code, value) = match line.split_once(" ~ ") {
        Some((code, decimal)) => (code, number_key(decimal).unwrap()),
        None => line.split_once(" = ").map(|(code, value)| (code, value.to_owned())).unwrap(),
    };
    vec![Row { parameter: number(code), value, qualifier }]
}

/// Names for numbers, for the message of a test that fails.
struct Names {
    codes: HashMap<i64, String>,
    texts: HashMap<i64, String>,
}

impl Names {
    fn of(resource: &Node, resource_type: &str) -> Names {
        let mut codes = HashMap::from([(
            parameter_number(resource_type, "_reference"),
            "_reference".to_owned(),
        )]);
        let mut texts = HashMap::new();
        for parameter in parameters().for_type(resource_type) {
            let code = &parameter.definition().code;
            let variants = ["", ":high", ":text", ":of-type", ":identifier"];
            for (number, variant) in parameter.numbers().all().into_iter().zip(variants) {
                codes.insert(number, format!("{code}{variant}"));
            }
            if let Some(text) = parameter.token_system() {
                texts.insert(hash(text), text.to_owned());
            }
        }
        collect(resource, &mut texts);
        Names { codes, texts }
    }

    fn line(&self, row: &Row) -> String {
        let code = self.codes.get(&row.parameter).map_or("?", String::as_str);
        let qualifier = match self.texts.get(&row.qualifier) {
            Some(text) => format!(" # {text}"),
            None if row.qualifier == 0 => String::new(),
            None => format!(" # {}", row.qualifier),
        };
        format!("{code} = {}{qualifier}\n", row.value)
    }
}

fn collect(node: &Node, texts: &mut HashMap<i64, String>) {
    match node {
        Node::String(text) => _ = texts.insert(hash(text), text.clone()),
        Node::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Node::Object(members) => members.iter().for_each(|(_, child)| collect(child, texts)),
        _ => {}
    }
}
