//! A reply on the wire: in the format that was asked for, laid out for people when
//! they asked, compressed when it is worth it. Nothing of the request's headers
//! gets into the answer's (TOP-KT-008).

pub mod pretty;

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Response;
use http::header::{self, HeaderValue};
use http_body_util::Full;
use koppeltaal_auth::Answer;
use koppeltaal_core::Error;
use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::r4::xml;
use koppeltaal_fhir::{MAX_DEPTH, Node, json};

use crate::negotiate::{Format, Wants};
use crate::outcome::Refusal;
use crate::reply::{Content, Reply};

/// Smaller bodies travel in one packet, compressed or not.
const WORTH_COMPRESSING: usize = 1024;
/// A bundle puts this many levels around the resources of the store.
const BUNDLE_DEPTH: usize = 8;

/// Writes out a reply. Compact JSON that is at hand as text is passed on unread.
pub fn render(reply: Reply, wants: &Wants, definitions: &Definitions) -> Answer {
    let body = match (reply.content, wants.format) {
        (Content::Nothing, _) => None,
        (Content::Text(text), Format::Json) => Some(text),
        (Content::Tree(tree), Format::Json) => Some(json::render(&tree)),
        (Content::Tree(tree), Format::Xml) => Some(xml::render(&tree, definitions)),
        (Content::Text(text), Format::Xml) => match parsed(&text) {
            Ok(tree) => Some(xml::render(&tree, definitions)),
            // The outcome of a refusal is a tree, so this happens once.
            Err(refusal) => return render(refusal.into_reply(), wants, definitions),
        },
    };
    let mut headers = reply.headers;
    headers.append(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    let bytes = match body {
        None => Bytes::new(),
        Some(text) => {
            let content_type = HeaderValue::from_static(wants.format.content_type());
            headers.insert(header::CONTENT_TYPE, content_type);
            let text = match (wants.is_pretty, wants.format) {
                (false, _) => text,
                (true, Format::Json) => pretty::json(&text),
                (true, Format::Xml) => pretty::xml(&text),
            };
            let is_worth_it = wants.gzip && text.len() > WORTH_COMPRESSING;
            match is_worth_it.then(|| compressed(text.as_bytes())) {
                Some(Ok(compressed)) => {
                    let gzip = HeaderValue::from_static("gzip");
                    headers.insert(header::CONTENT_ENCODING, gzip);
                    compressed.into()
                }
                _ => text.into(),
            }
        }
    };
    let mut answer = Response::new(Full::new(bytes));
    *answer.status_mut() = reply.status;
    *answer.headers_mut() = headers;
    answer
}

fn parsed(text: &str) -> Result<Node, Refusal> {
    json::parse_with_limit(text.as_bytes(), MAX_DEPTH + BUNDLE_DEPTH)
        .map_err(|error| Error::internal(error).into())
}

fn compressed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

#[cfg(test)]
mod tests;
