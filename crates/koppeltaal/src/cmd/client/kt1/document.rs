//! Reading FHIR documents from files, JSON or XML, and showing them.

use std::io::Read;

use anyhow::Result;
use koppeltaal_core::Error;
use koppeltaal_fhir::dstu1::parse_xml;
use koppeltaal_fhir::{Node, json};

/// The document in a file; `-` is standard input.
pub fn read(file: &str) -> Result<Node> {
    let mut bytes = Vec::new();
    let outcome = match file {
        "-" => std::io::stdin().read_to_end(&mut bytes).map(drop),
        path => std::fs::read(path).map(|read| bytes = read),
    };
    outcome.map_err(|cause| Error::Invalid(format!("{file} cannot be read: {cause}")))?;
    let is_xml = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<');
    let parsed = if is_xml { parse_xml(&bytes) } else { json::parse(&bytes) };
    Ok(parsed.map_err(|error| Error::Invalid(format!("{file}: {error}")))?)
}

/// JSON with indentation.
pub fn pretty(text: &str) -> Result<String> {
    Ok(serde_json::to_string_pretty(&value(text)?)?)
}

/// JSON as a value, to be put into a larger answer.
pub fn value(text: &str) -> Result<serde_json::Value> {
    Ok(serde_json::from_str(text)?)
}
