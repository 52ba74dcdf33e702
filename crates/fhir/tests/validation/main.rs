//! The validator from outside: the published guide, samples of our own, and one change to them per
//! kind of rule.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod element_ids;
mod guide;
mod mutation;
mod samples;
mod slicing;
mod sound;
mod speed;

use std::sync::OnceLock;

use koppeltaal_fhir::r4::profile;
use koppeltaal_fhir::r4::validate::{Compiled, Issue, Options, Report, validate};
use koppeltaal_fhir::{Node, json};

/// The built-in definitions.
fn built_in() -> &'static Compiled {
    static BUILT_IN: OnceLock<Compiled> = OnceLock::new();
    BUILT_IN.get_or_init(|| Compiled::new(profile::koppeltaal().clone()))
}

fn parse(text: &str) -> Node {
    json::parse(text.as_bytes()).unwrap()
}

fn report(resource: &Node) -> Report {
    validate(resource, &Options::new(built_in()))
}

/// One line per issue.
fn lines(report: &Report) -> Vec<String> {
    report.issues.iter().map(line).collect()
}

fn line(issue: &Issue) -> String {
    let (severity, code) = (issue.severity.code(), issue.code.code());
    format!("{severity} {code} {}: {} [{}]", issue.expression, issue.details, issue.rule)
}
