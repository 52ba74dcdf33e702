//! What holds for every resource: nothing is skipped unseen, and bad input costs little.

use super::samples::{ALL, sample};
use super::*;
use koppeltaal_fhir::r4::fhirpath::Expression;
use koppeltaal_fhir::r4::validate::{MAX_ISSUES, Severity};

#[test]
fn every_invariant_of_the_built_in_definitions_can_be_evaluated() {
    let mut refused = Vec::new();
    for structure in built_in().definitions().structures() {
        for constraint in structure.elements().iter().flat_map(|element| &element.constraints) {
            let Some(text) = &constraint.expression else { continue };
            if let Err(error) = Expression::parse(text) {
                refused.push(format!("{} {}: {error}", structure.url, constraint.key));
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn the_report_ends_after_so_many_problems_with_an_error() {
    let mut node = sample("Task");
    let items: Vec<Node> = (0..5_000).map(|_| Node::from(1)).collect();
    node.as_object_mut().unwrap().insert("identifier", items);
    let found = report(&node);
    assert_eq!(found.issues.len(), MAX_ISSUES + 1);
    let last = found.issues.last().unwrap();
    assert_eq!((last.severity, last.code.code()), (Severity::Error, "too-costly"));
}

#[test]
fn a_hundred_thousand_unknown_members_cost_no_more_than_a_few() {
    let mut node = sample("Task");
    let members = node.as_object_mut().unwrap();
    for prefix in ["_", ""] {
        (0..50_000).for_each(|number| members.push(format!("{prefix}a{number}"), true));
    }
    let found = report(&node);
    assert_eq!(found.issues.len(), MAX_ISSUES + 1);
    assert_eq!(found.issues[0].expression, "Task._a0");
}

#[test]
fn no_issue_is_told_twice() {
    for (name, text) in ALL {
        let members = parse(text).as_object().unwrap().clone();
        for (member, _) in members.iter().filter(|(member, _)| *member != "resourceType") {
            let mut node = parse(text);
            node.as_object_mut().unwrap().insert(member, Node::from("?"));
            let found = report(&node);
            let at = format!("{name}.{member}");
            let here = found.issues.iter().filter(|issue| issue.expression == at).count();
            assert!(here <= 1, "{at}: {:#?}", lines(&found));
        }
    }
}

#[test]
fn what_is_no_resource_is_told() {
    for node in [Node::Null, Node::from("x"), Node::object(), Node::from(vec![Node::object()])] {
        let found = report(&node);
        assert_eq!(found.issues.len(), 1, "{node:?}");
        assert!(!found.is_valid());
    }
}

#[test]
fn any_value_in_the_place_of_any_other_does_no_harm() {
    let strange = [
        Node::Null,
        Node::from(""),
        Node::from("\u{0}"),
        Node::from(-1),
        Node::from(true),
        Node::object(),
        Node::from(Vec::new()),
        Node::from(vec![Node::Null]),
        Node::from(vec![Node::from(Vec::new())]),
    ];
    for (name, _) in ALL {
        let whole = sample(name);
        let count = count(&whole);
        for value in &strange {
            for at in 1..count {
                let mut node = whole.clone();
                replace(&mut node, &mut at.clone(), value);
                let _report = report(&node);
            }
        }
    }
}

fn count(node: &Node) -> usize {
    1 + match node {
        Node::Array(items) => items.iter().map(count).sum(),
        Node::Object(members) => members.iter().map(|(_, value)| count(value)).sum::<usize>(),
        _ => 0,
    }
}

/// Puts `value` in the place of the node that comes after `left` others.
fn replace(node: &mut Node, left: &mut usize, value: &Node) -> bool {
    if *left == 0 {
        *node = value.clone();
        return true;
    }
    *left -= 1;
    match node {
        Node::Array(items) => items.iter_mut().any(|item| replace(item, left, value)),
        Node::Object(members) => members.0.iter_mut().any(|(_, item)| replace(item, left, value)),
        _ => false,
    }
}
