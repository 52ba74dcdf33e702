//! Input made to hurt: deep, broken and huge documents are refused quickly and nothing panics.

use std::time::{Duration, Instant};

use koppeltaal_fhir::dstu1::{Bundle, parse_xml, render_xml};
use koppeltaal_fhir::{ParseError, json};

const CARE_PLAN: &str = include_str!("samples/care_plan.xml");

fn nested_xml(levels: usize) -> String {
    let inner = levels - 1;
    format!(
        "<Other xmlns=\"http://hl7.org/fhir\">{}{}</Other>",
        "<a>".repeat(inner),
        "</a>".repeat(inner)
    )
}

#[test]
fn a_hundred_elements_deep_is_read_and_one_more_is_not() {
    assert!(parse_xml(nested_xml(100).as_bytes()).is_ok());
    assert_eq!(parse_xml(nested_xml(101).as_bytes()), Err(ParseError::TooDeep));
}

#[test]
fn a_million_levels_are_refused_without_harm() {
    assert_eq!(parse_xml(nested_xml(1_000_000).as_bytes()), Err(ParseError::TooDeep));
    assert_eq!(
        parse_xml("<a>".repeat(1_000_000).as_bytes()),
        Err(ParseError::ForeignNamespace { name: "a".into(), expected: "http://hl7.org/fhir" })
    );
    let div = format!(
        "<Other xmlns=\"http://hl7.org/fhir\"><text><div xmlns=\"http://www.w3.org/1999/xhtml\">{}",
        "<b>".repeat(1_000_000)
    );
    assert_eq!(parse_xml(div.as_bytes()), Err(ParseError::TooDeep));
    assert_eq!(json::parse("[{\"a\":".repeat(1_000_000).as_bytes()), Err(ParseError::TooDeep));
}

#[test]
fn what_was_read_from_xml_can_be_read_back_from_its_json() {
    let extension = "<extension url=\"u\">";
    let nested = |n: usize| {
        format!(
            "<Other xmlns=\"http://hl7.org/fhir\">{}{}</Other>",
            extension.repeat(n),
            "</extension>".repeat(n)
        )
    };
    let deepest = (1..100).rev().find_map(|n| parse_xml(nested(n).as_bytes()).ok()).unwrap();
    assert!(deepest.depth() > 90);
    assert_eq!(json::parse(json::render(&deepest).as_bytes()), Ok(deepest));
}

#[test]
fn every_truncation_is_refused() {
    let end = CARE_PLAN.trim_end().len();
    for length in 0..end {
        assert!(parse_xml(&CARE_PLAN.as_bytes()[..length]).is_err(), "{length}");
    }
    let text = json::render(&parse_xml(CARE_PLAN.as_bytes()).unwrap());
    for length in 0..text.len() {
        assert!(json::parse(&text.as_bytes()[..length]).is_err(), "{length}");
    }
}

/// Each byte replaced by ones that matter to a parser; what is still read can be written.
#[test]
fn no_mutation_makes_the_readers_panic() {
    const BYTES: &[u8] = b"<>&;\"'/= :_x{}[],\\0\xFF\xC3";
    let xml = CARE_PLAN.as_bytes();
    let text = json::render(&parse_xml(xml).unwrap()).into_bytes();
    for at in 0..xml.len().max(text.len()) {
        let byte = BYTES[at % BYTES.len()];
        if at < xml.len() {
            let mut changed = xml.to_vec();
            changed[at] = byte;
            if let Ok(node) = parse_xml(&changed) {
                let written = render_xml(&node);
                assert_eq!(parse_xml(written.as_bytes()).map(|n| render_xml(&n)), Ok(written));
            }
        }
        if at < text.len() {
            let mut changed = text.clone();
            changed[at] = byte;
            if let Ok(node) = json::parse(&changed) {
                assert!(parse_xml(render_xml(&node).as_bytes()).is_ok());
                let _ = Bundle::from_node(node);
            }
        }
    }
}

/// Documents that are slow for readers with a quadratic step somewhere. The limit is far above what
/// a linear reader needs in a debug build, and far below what a quadratic one does.
#[test]
#[expect(clippy::disallowed_methods, reason = "measures the reader from outside")]
fn large_flat_documents_are_read_in_linear_time() {
    const LIMIT: Duration = Duration::from_secs(20);
    let started = Instant::now();
    let n = 60_000;
    let members: Vec<String> =
        (0..n).map(|i| format!("\"m{i}\":[null],\"_m{i}\":[{{\"id\":\"1\"}}]")).collect();
    let node =
        json::parse(format!("{{\"resourceType\":\"Other\",{}}}", members.join(",")).as_bytes())
            .unwrap();
    let xml = render_xml(&node);
    assert_eq!(parse_xml(xml.as_bytes()).unwrap().as_object().unwrap().len(), n + 1);
    let attributes: String = (0..n).map(|i| format!(" a{i}=\"\"")).collect();
    let xml = format!("<Other xmlns=\"http://hl7.org/fhir\"{attributes}/>");
    assert!(matches!(parse_xml(xml.as_bytes()), Err(ParseError::Malformed { .. })));
    let ampersands =
        format!("<Other xmlns=\"http://hl7.org/fhir\"><a value=\"{};\"/></Other>", "&a".repeat(n));
    assert!(parse_xml(ampersands.as_bytes()).is_err());
    assert!(started.elapsed() < LIMIT);
}
