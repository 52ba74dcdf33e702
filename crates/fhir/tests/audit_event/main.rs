//! AuditEvents in two parts: each kind that this server makes is valid, what an application made
//! comes back as it was, and a shape is found by what its events are found by.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod made;
mod of_server;
mod shape;

use std::sync::OnceLock;

use koppeltaal_fhir::r4::audit_event::{Particulars, Split, join};
use koppeltaal_fhir::r4::profile;
use koppeltaal_fhir::r4::validate::{Compiled, Options, validate};
use koppeltaal_fhir::{Node, json};

const SAMPLE: &str = include_str!("../validation/samples/audit_event.json");

fn built_in() -> &'static Compiled {
    static BUILT_IN: OnceLock<Compiled> = OnceLock::new();
    BUILT_IN.get_or_init(|| Compiled::new(profile::koppeltaal().clone()))
}

fn parse(text: &str) -> Node {
    json::parse(text.as_bytes()).unwrap()
}

/// What is to be said of a resource; nothing of a valid one.
fn remarks(resource: &Node) -> Vec<String> {
    let options = Options { is_profile_required: true, ..Options::new(built_in()) };
    let report = validate(resource, &options);
    report.issues.iter().map(|issue| format!("{} {}", issue.expression, issue.details)).collect()
}

/// The event of a row.
fn shown(split: &Split, outcome_desc: Option<&str>) -> Node {
    let particulars = Particulars {
        id: "0b5b3b62-4b84-4f6c-8d0e-3a6f9d8a1c11",
        recorded: "2026-03-01T10:00:00.123Z",
        last_updated: "2026-03-01T10:00:00.140Z",
        focal: split.focal.as_deref(),
        version: split.version.as_deref(),
        outcome_desc,
        request_id: Some("r-1"),
        trace_id: Some("t-1"),
        correlation_id: Some("c-1"),
        content: split.content.as_deref(),
    };
    join(&split.shape, &particulars)
}
