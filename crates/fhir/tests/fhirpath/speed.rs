//! What the invariants of one patient cost. Run it with `--release --ignored --nocapture`.

#![expect(clippy::disallowed_methods, reason = "a measurement needs a clock")]

use std::time::{Duration, Instant};

use koppeltaal_fhir::Node;
use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::r4::fhirpath::{Context, Expression, Item, Type};

use crate::data::patient;

/// Every object and every primitive of a resource with its type, as a validator visits them.
fn visit<'a>(node: &'a Node, at: Type<'a>, found: &mut Vec<(Item<'a>, Type<'a>)>) {
    use koppeltaal_fhir::r4::fhirpath::Types;
    found.push((Item::element(Some(node), None, at), at));
    for (name, child) in node.as_object().into_iter().flat_map(|members| members.iter()) {
        let Some(definition) = Definitions::core().child(at.structure, at.element, name) else {
            continue;
        };
        for item in child.one_or_many() {
            visit(item, definition.r#type, found);
        }
    }
}

#[test]
#[ignore = "a measurement"]
fn the_invariants_of_a_patient() {
    let node = patient();
    let size = koppeltaal_fhir::json::render(&node).len();
    let mut elements = Vec::new();
    visit(&node, Type::named("Patient"), &mut elements);
    let mut work = Vec::new();
    for (item, at) in elements {
        let root = Definitions::core().structure(at.structure).and_then(|s| s.element(at.element));
        for constraint in root.into_iter().flat_map(|element| &element.constraints) {
            if let Some(text) = &constraint.expression {
                work.push((Expression::parse(text).unwrap(), item.clone()));
            }
        }
    }
    let holds = |expression: &Expression, item: &Item<'_>| {
        let context = Context::new(&node, Definitions::core()).with_focus(item.clone());
        expression.is_true(&context) == Ok(true)
    };
    assert!(work.iter().all(|(expression, item)| holds(expression, item)));
    let all = fastest(|| work.iter().all(|(expression, item)| holds(expression, item)));
    println!("{} evaluations on {size} bytes: {all:?}", work.len());
    let mut slowest: Vec<_> = work
        .iter()
        .map(|(expression, item)| (fastest(|| holds(expression, item)), expression.as_str()))
        .collect();
    slowest.sort();
    for (each, text) in slowest.iter().rev().take(20) {
        println!("{each:?} {text}");
    }
}

/// The fastest of many runs, since other programs only ever make it slower.
fn fastest(run: impl Fn() -> bool) -> Duration {
    let times = (0..2_000).map(|_| {
        let start = Instant::now();
        std::hint::black_box(run());
        start.elapsed()
    });
    times.min().unwrap_or_default()
}
