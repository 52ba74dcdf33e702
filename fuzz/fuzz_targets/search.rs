//! A query as it stands in a URL, asked of several types: it is read or refused with 400, always
//! the same way, and what was read stays within its bounds.

#![no_main]

use std::sync::LazyLock;

use koppeltaal_core::Timestamp;
use koppeltaal_core::search::Condition;
use koppeltaal_fuzz::catalog::Catalog;
use koppeltaal_fuzz::query::{Context, MOST_COUNT, parse};
use koppeltaal_fuzz::query_string::pairs;
use libfuzzer_sys::fuzz_target;

static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::built_in);

static BASES: LazyLock<[String; 2]> =
    LazyLock::new(|| ["r4", "DEFAULT"].map(|name| format!("https://kt.example/fhir/{name}")));

const NOW: Timestamp = Timestamp(1_795_305_600_000_000);

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(pairs) = pairs(Some(text)) else {
        return;
    };
    for kind in ["Patient", "Task", "AuditEvent", "ActivityDefinition", "ValueSet"] {
        for is_strict in [false, true] {
            check(kind, &pairs, is_strict);
        }
    }
});

fn check(kind: &str, pairs: &[(String, String)], is_strict: bool) {
    let context =
        Context { catalog: &CATALOG, bases: &*BASES, now: NOW, is_strict, with_unready: false };
    match parse(kind, pairs, &context) {
        Ok(query) => {
            assert!(query.count <= MOST_COUNT);
            assert!(!query.sort.is_empty());
            assert!(query.used.len() + query.ignored.len() == pairs.len());
            assert!(query.conditions.iter().map(size).sum::<usize>() <= 30_000);
            // What was used is the same search.
            let again = parse(kind, &query.used, &context);
            let again = again.expect("what was used can be used again");
            assert_eq!(again.conditions, query.conditions);
            assert_eq!(again.sort, query.sort);
            assert!(again.ignored.is_empty());
        }
        Err(refusal) => {
            assert_eq!(refusal.status, 400);
            assert!(!refusal.issues.is_empty());
            assert!(refusal.issues.iter().all(|issue| issue.diagnostics.len() < 1_000));
        }
    }
}

/// Tests and everything that holds them.
fn size(condition: &Condition) -> usize {
    let all = |conditions: &[Condition]| 1 + conditions.iter().map(size).sum::<usize>();
    match condition {
        Condition::AnyOf(tests) => 1 + tests.len(),
        Condition::Not(inner) => 1 + size(inner),
        Condition::RefersTo { targets, .. } => {
            1 + targets.iter().map(|target| all(&target.conditions)).sum::<usize>()
        }
        Condition::ReferredBy { source, .. } => 1 + all(&source.conditions),
        _ => 1,
    }
}
