//! Both ways on cases of our own; the published guide, and resources made up from all definitions,
//! are in `tests/r4_xml` of the crate.

mod forms;
mod odd;

use super::*;
use crate::error::MAX_DEPTH;
use crate::r4::profile::koppeltaal;
use crate::r4::validate::{Compiled, Options, validate};
use crate::{Node, ParseError, json};

#[track_caller]
fn read(xml: &str) -> Node {
    parse(xml.as_bytes(), koppeltaal()).unwrap_or_else(|error| panic!("{error}\n{xml}"))
}

/// The XML is this JSON, members in this order, and the JSON is this XML.
#[track_caller]
fn check(xml: &str, expected: &str) {
    let node = read(xml);
    assert_eq!(json::render(&node), expected);
    assert_eq!(render(&node, koppeltaal()), xml);
}

#[track_caller]
fn check_patient(inner: &str, expected: &str) {
    check(
        &format!("<Patient xmlns=\"http://hl7.org/fhir\">{inner}</Patient>"),
        &format!("{{\"resourceType\":\"Patient\",{expected}}}"),
    );
}

/// The JSON as XML; reading it may give something else.
fn write(text: &str) -> String {
    render(&json::parse(text.as_bytes()).unwrap(), koppeltaal())
}
