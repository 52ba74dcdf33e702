//! Order, number and company of the results.

use koppeltaal_core::search::{SortBy, SortKey};
use koppeltaal_fhir::r4::search::parameter_number;

use super::*;

#[test]
fn pages_have_twenty_results_unless_asked_and_two_hundred_at_most() {
    for (query, count) in [
        ("", 20),
        ("_count=5", 5),
        ("_count=0", 0),
        ("_count=200", 200),
        ("_count=201", 200),
        ("_count=99999999999999999999999", 200),
        ("_summary=count", 0),
        ("_summary=count&_count=5", 0),
        ("_count=7&_count=7", 7),
    ] {
        assert_eq!(read("Patient", query).count, count, "{query}");
    }
    for query in ["_count=-1", "_count=a", "_count=1.5", "_count=1&_count=2", "_count=+1"] {
        assert_eq!(refused("Patient", query).0, "value", "{query}");
    }
    for query in ["_total=many", "_summary=all"] {
        assert_eq!(refused("Patient", query).0, "value", "{query}");
    }
    let known = "_total=none&_summary=text&_elements=name&_format=json&_pretty=true";
    let query = read("Patient", known);
    assert!(query.conditions.is_empty() && query.ignored.is_empty());
    assert_eq!(query.used.len(), 5);
}

#[test]
fn the_newest_come_first_unless_asked() {
    let key = |by, is_descending| SortKey { by, is_descending };
    let birthdate = SortBy::Parameter(vec![parameter_number("Patient", "birthdate")]);
    for (query, keys) in [
        ("", vec![key(SortBy::Updated, true)]),
        ("_sort=_lastUpdated", vec![key(SortBy::Updated, false)]),
        ("_sort=-birthdate,_id", vec![key(birthdate.clone(), true), key(SortBy::Id, false)]),
        ("_sort=birthdate&_sort=-_id", vec![key(birthdate, false), key(SortBy::Id, true)]),
    ] {
        assert_eq!(read("Patient", query).sort, keys, "{query}");
    }
    let numbers = ["name", "family", "given"].map(|code| parameter_number("Patient", code));
    for query in ["_sort=name", "_sort=phonetic"] {
        let name = SortBy::Parameter(numbers.into());
        assert_eq!(read("Patient", query).sort, [key(name, false)], "{query}");
    }
    for query in ["_sort=nothing", "_sort=--birthdate", "_sort=_content", "_sort=name:exact"] {
        let (code, told) = refused("Patient", query);
        assert_eq!(code, "value", "{query}");
        assert!(told.contains("_sort"), "{told}");
    }
    assert_eq!(refused("ActivityDefinition", "_sort=context-type-value").0, "value");
    assert_eq!(refused("Patient", "_sort=name,given,family,gender,email,phone").0, "too-costly");
}

#[test]
fn what_comes_with_the_results_is_named_by_type_and_reference() {
    let query = read("Task", "_include=Task:patient&_include:iterate=Patient:organization");
    assert_eq!(query.includes[0].source, "Task");
    assert_eq!(query.includes[0].parameters, [parameter_number("Task", "patient")]);
    assert!(!query.includes[0].is_iterated && query.includes[1].is_iterated);
    let query = read("Task", "_include=Task:owner:Patient");
    assert_eq!(query.includes[0].target.as_deref(), Some("Patient"));
    let query = read("Task", "_include=*");
    assert!(query.includes[0].parameters.contains(&parameter_number("Task", "owner")));
    assert!(query.includes[0].parameters.contains(&parameter_number("Task", "resource-origin")));
    assert!(!query.includes[0].parameters.contains(&parameter_number("Task", "status")));
    assert_eq!(read("Task", "_include=Task:*").includes, query.includes);
    let query = read("Patient", "_revinclude=Task:patient");
    assert_eq!(query.revincludes[0].source, "Task");
    for query in [
        "_include=Task",
        "_include=Task:status",
        "_include=Task:nothing",
        "_include=Nothing:patient",
        "_include=Task:patient:Device",
        "_include=Task:patient:Patient:x",
        "_revinclude=*",
        "_revinclude=Task:part-of:Patient",
    ] {
        assert_eq!(refused("Task", query).0, "value", "{query}");
    }
    assert_eq!(refused("Task", "_include:foo=Task:patient").0, "not-supported");
}

#[test]
fn the_page_is_a_parameter_of_ours() {
    assert_eq!(read("Patient", "_page=abc").page.as_deref(), Some("abc"));
}
