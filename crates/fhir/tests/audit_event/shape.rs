//! A shape decides by itself what some search parameters find.

use std::collections::BTreeSet;

use koppeltaal_fhir::r4::audit_event::{Outcome, is_of_shape, split_resource};
use koppeltaal_fhir::r4::search::{Parameters, index, parameter_number};

use super::of_server::{all, event, query, resource};
use super::*;

/// The rows of a resource, of the parameters that the shape decides, or of the others.
fn rows(resource: &Node, of_shape: bool) -> BTreeSet<(String, String, i64)> {
    let definitions = built_in().definitions();
    let parameters = Parameters::new(definitions);
    // A row can be that of a variant of a parameter.
    let variants = ["", ":high", ":identifier", ":of-type", ":text", ":type"];
    let code = |number: i64| {
        let mut codes = parameters.for_type("AuditEvent").map(|one| &one.definition().code);
        let is_it = |code: &&String| {
            let mut all = variants.iter().map(|variant| format!("{code}{variant}"));
            all.any(|name| parameter_number("AuditEvent", &name) == number)
        };
        codes.find(is_it).unwrap().clone()
    };
    let found = index(resource, &parameters, definitions, Some("https://kt.example/fhir"));
    let rows = found.rows.into_iter().map(|row| (code(row.parameter), row.value, row.qualifier));
    rows.filter(|(code, ..)| is_of_shape(code) == of_shape).collect()
}

#[test]
fn an_event_is_found_by_the_rows_of_its_shape() {
    let mut splits: Vec<Split> = all().into_iter().map(|event| event.split()).collect();
    splits.push(split_resource(&parse(SAMPLE)).split);
    let mut codes = BTreeSet::new();
    for split in &splits {
        let (whole, shape) = (shown(split, None), parse(&split.shape));
        assert_eq!(rows(&whole, true), rows(&shape, true), "{}", split.shape);
        assert_eq!(rows(&shape, false), BTreeSet::new(), "{}", split.shape);
        codes.extend(rows(&whole, true).into_iter().map(|(code, ..)| code));
    }
    for code in ["action", "agent", "entity-role", "entity-type", "outcome", "resource-origin"] {
        assert!(codes.contains(code), "{code}");
    }
    for code in ["site", "source", "subtype", "type", "_profile"] {
        assert!(codes.contains(code), "{code}");
    }
}

#[test]
fn every_search_parameter_is_either_of_the_shape_or_told_of_here() {
    let parameters = Parameters::new(built_in().definitions());
    let all = parameters.for_type("AuditEvent").map(|one| one.definition().code.as_str());
    let rest: BTreeSet<&str> = all.filter(|code| !is_of_shape(code)).collect();
    let expected = [
        "_content",
        "_filter",
        "_has",
        "_id",
        "_lastUpdated",
        "_list",
        "_query",
        "_source",
        "_text",
        "address",
        "correlationId",
        "date",
        "entity",
        "entity-name",
        "patient",
        "requestId",
        "traceId",
    ];
    let unexpected: Vec<&&str> = rest.iter().filter(|code| !expected.contains(code)).collect();
    assert_eq!(unexpected, Vec::<&&str>::new());
}

#[test]
fn events_that_differ_in_what_they_found_share_a_shape() {
    let shape = |tasks: &[&str]| {
        let mut entities = vec![query("Task", &format!("/Task?_count={}", tasks.len()))];
        entities.extend(tasks.iter().map(|task| resource(task)));
        event("search-type", 'E', Outcome::Success, entities).split().shape
    };
    let one = shape(&["Task/a/_history/1"]);
    assert_eq!(one, shape(&["Task/b/_history/1", "Task/c/_history/7"]));
    assert_ne!(one, shape(&[]));
    assert_ne!(one, shape(&["Patient/b/_history/1"]));
}
