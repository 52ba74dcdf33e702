//! What a query may cost, and that nothing makes it fail badly.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

#[test]
fn a_query_has_bounds() {
    let many = |text: &str, times: usize| vec![text; times].join("&");
    let long = format!("name={}", "a".repeat(2_001));
    let values = format!("name={}", vec!["a"; 101].join(","));
    let deep = "part-of.part-of.part-of.part-of.part-of.status=a";
    for (kind, query) in [
        ("Patient", many("name=a", 21)),
        ("Patient", many("foo=a", 21)),
        ("Patient", many("_include=Patient:organization", 21)),
        ("Patient", long),
        ("Patient", values),
        ("Task", deep.to_owned()),
        ("Task", "focus.focus.focus.focus.focus.status=a".to_owned()),
        (
            "Patient",
            format!("_content={}", (0..51).map(|n| n.to_string() + " ").collect::<String>()),
        ),
    ] {
        assert_eq!(refused(kind, &query).0, "too-costly", "{query}");
    }
    read("Patient", &many("name=a", 20));
    read("Task", "part-of.part-of.part-of.part-of.status=a");
}

#[test]
fn a_zero_character_is_refused() {
    assert_eq!(refused("Patient", "name=a\0b").0, "value");
}

#[test]
fn ids_of_any_type_do_not_multiply_without_end() {
    let list = |prefix: &str, count: usize| {
        let ids: Vec<String> = (0..count).map(|n| format!("{prefix}{n}")).collect();
        format!("entity={}", ids.join(","))
    };
    read("AuditEvent", &list("", 15));
    read("AuditEvent", &list("Patient/", 100));
    assert_eq!(refused("AuditEvent", &list("", 16)).0, "too-costly");
    let many = vec![list("Patient/", 100); 20].join("&");
    read("AuditEvent", &many);
    let many = vec![list("", 15); 8].join("&");
    assert_eq!(refused("AuditEvent", &many).0, "too-costly");
}

/// Pieces that queries are made of, and others.
fn piece() -> impl Strategy<Value = String> {
    let known = [
        "name",
        "birthdate",
        "identifier",
        "owner",
        "focus",
        "subject",
        "part-of",
        "_has:Task:",
        "_id",
        "_lastUpdated",
        "_sort",
        "_include",
        "_revinclude",
        "_count",
        "_text",
        "_page",
        ":",
        ".",
        ",",
        "|",
        "$",
        "\\",
        "=",
        "&",
        "missing",
        "exact",
        "contains",
        "not",
        "in",
        "of-type",
        "above",
        "below",
        "iterate",
        "Task",
        "Patient",
        "*",
        "-",
        "true",
        "2024-05",
        "ge",
        "ap",
        "1e5",
        "12.5",
        "http://snomed.info/sct",
        "context-type-quantity",
        "entity",
        "é",
        "%",
        "9999999999",
    ];
    prop_oneof![
        9 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,4}",
    ]
}

proptest! {
    #[test]
    fn no_query_fails_badly(
        pieces in prop::collection::vec(piece(), 0..40),
        kind in prop::sample::select(vec!["Patient", "Task", "AuditEvent", "ActivityDefinition"]),
        is_strict: bool,
    ) {
        let text = pieces.concat();
        let began = Instant::now();
        match read_as(kind, &text, is_strict) {
            Ok(query) => {
                prop_assert!(query.count <= 200 && !query.sort.is_empty());
                prop_assert!(!is_strict || query.ignored.iter().all(|one| one.code == "value"));
            }
            Err(refusal) => {
                prop_assert_eq!(refusal.status, 400);
                prop_assert!(!refusal.issues.is_empty());
            }
        }
        prop_assert!(began.elapsed() < Duration::from_secs(5));
    }
}
