//! A resource in XML. What was read is written, and reads as the same resource; so it does in JSON.

#![no_main]

#[path = "../../crates/fhir/tests/support/mod.rs"]
mod support;

use koppeltaal_fhir::r4::profile::koppeltaal;
use koppeltaal_fhir::r4::xml;
use koppeltaal_fhir::{MAX_DEPTH, json};
use libfuzzer_sys::fuzz_target;
use support::sorted;

fuzz_target!(|data: &[u8]| {
    let definitions = koppeltaal();
    let Ok(node) = xml::parse(data, definitions) else {
        return;
    };
    assert!(node.depth() <= MAX_DEPTH);
    assert!(node.resource_type().is_some());
    assert_eq!(json::parse(json::render(&node).as_bytes()), Ok(node.clone()));
    let text = xml::render(&node, definitions);
    let again = xml::parse(text.as_bytes(), definitions);
    assert_eq!(again.as_ref().map(sorted), Ok(sorted(&node)));
    if let Ok(again) = again {
        assert_eq!(xml::render(&again, definitions), text);
    }
});
