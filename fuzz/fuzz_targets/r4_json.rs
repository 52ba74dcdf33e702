//! A resource in JSON: read, written, judged, and written as XML. A valid one comes back from XML
//! as it was.

#![no_main]

#[path = "../../crates/fhir/tests/support/mod.rs"]
mod support;

use std::sync::LazyLock;

use koppeltaal_fhir::r4::profile::koppeltaal;
use koppeltaal_fhir::r4::validate::{Compiled, MAX_ISSUES, Options, validate};
use koppeltaal_fhir::r4::xml;
use koppeltaal_fhir::{Node, ParseError, json};
use libfuzzer_sys::fuzz_target;
use support::sorted;

static COMPILED: LazyLock<Compiled> = LazyLock::new(|| Compiled::new(koppeltaal().clone()));

fuzz_target!(|data: &[u8]| {
    let Ok(node) = json::parse(data) else {
        return;
    };
    let text = json::render(&node);
    assert_eq!(json::parse(text.as_bytes()).as_ref(), Ok(&node));

    let report = validate(&node, &Options::new(&COMPILED));
    assert!(report.issues.len() <= MAX_ISSUES + 1);

    let text = xml::render(&node, koppeltaal());
    match xml::parse(text.as_bytes(), koppeltaal()) {
        // Nothing is left to say about a resource that is valid without a remark.
        Ok(back) if report.issues.is_empty() && has_xml_form(&node) => {
            assert_eq!(sorted(&back), sorted(&node));
        }
        Ok(back) => {
            let again = xml::render(&back, koppeltaal());
            let third = xml::parse(again.as_bytes(), koppeltaal());
            assert_eq!(third.as_ref().map(sorted), Ok(sorted(&back)));
        }
        // A level more than JSON has, and more than anybody writes.
        Err(ParseError::TooDeep) => {}
        Err(ParseError::Malformed { reason, .. }) if reason.contains("too many") => {}
        Err(error) => panic!("{error}\n{text}"),
    }
});

/// Is there nothing in it that only JSON can say?
fn has_xml_form(node: &Node) -> bool {
    match node {
        Node::String(text) => {
            !text.contains(['\u{FFFE}', '\u{FFFF}'])
                && !(text.contains('<') && text.trim_matches([' ', '\t', '\r', '\n']) != text)
        }
        Node::Array(items) => {
            items.iter().any(|item| *item != Node::Null) && items.iter().all(has_xml_form)
        }
        Node::Object(members) => members.iter().all(|(name, node)| {
            // Attributes in XML, which have no extensions.
            !matches!(name, "_id" | "_url" | "_div") && has_xml_form(node)
        }),
        _ => true,
    }
}
