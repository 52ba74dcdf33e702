//! The words of a resource for `_text` and `_content`: what a person would read in it, not the
//! addresses and identities that only programs read (FHIR R4, Search, 3.1.1.5.5).

use super::fold::sorted_words;
use super::index::Words;
use crate::node::Node;

/// Members whose text is an address, an identity or data.
const SILENT: [&str; 7] = ["resourceType", "id", "reference", "system", "url", "profile", "data"];

/// The words of a resource.
pub(super) fn words_of(resource: &Node) -> Words {
    let mut narrative = String::new();
    if let Some(div) = resource.get("text").and_then(|text| text.get("div")?.as_str()) {
        readable(div, &mut narrative);
    }
    let mut content = narrative.clone();
    if let Some(members) = resource.as_object() {
        let is_narrative = |name: &str| name == "text" && !narrative.is_empty();
        for (name, child) in members.iter().filter(|(name, _)| !is_narrative(name)) {
            gather(name, child, &mut content);
        }
    }
    Words { narrative: sorted_words(&narrative), content: sorted_words(&content) }
}

/// Adds every text inside.
fn gather(name: &str, node: &Node, out: &mut String) {
    match node {
        Node::String(text) if name == "div" => readable(text, out),
        Node::String(text) => {
            let is_address = text.contains("://") || text.starts_with("urn:");
            if !SILENT.contains(&name) && !is_address {
                out.push(' ');
                out.push_str(text);
            }
        }
        Node::Array(items) => items.iter().for_each(|item| gather(name, item, out)),
        Node::Object(_) if name == "meta" => {}
        // A narrative of a contained resource: its status is no text.
        Node::Object(members) if members.contains("div") => {
            members.get("div").into_iter().for_each(|div| gather("div", div, out));
        }
        Node::Object(members) => {
            members.iter().for_each(|(name, child)| gather(name, child, out));
        }
        Node::Null | Node::Bool(_) | Node::Number(_) => {}
    }
}

/// Adds the text between the tags of XHTML, each tag a gap.
fn readable(xhtml: &str, out: &mut String) {
    let mut rest = xhtml;
    while let Some((text, tag)) = rest.split_once('<') {
        out.push(' ');
        decoded(text, out);
        rest = after_tag(tag);
    }
    out.push(' ');
    decoded(rest, out);
}

/// What follows a tag, of which `<` is gone. A `>` in quotes or in a comment does not end it.
fn after_tag(tag: &str) -> &str {
    if let Some(comment) = tag.strip_prefix("!--") {
        return comment.split_once("-->").map_or("", |(_, rest)| rest);
    }
    let mut quote = None;
    let end = tag.bytes().position(|byte| match (quote, byte) {
        (Some(open), _) if open == byte => {
            quote = None;
            false
        }
        (Some(_), _) => false,
        (None, b'"' | b'\'') => {
            quote = Some(byte);
            false
        }
        (None, _) => byte == b'>',
    });
    end.and_then(|end| tag.get(end + 1..)).unwrap_or("")
}

/// Adds text with its entities resolved. Names that are not of XML are a gap.
fn decoded(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let is_name = |name: &str| {
            name.len() < 12 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#')
        };
        let Some((name, behind)) = after.split_once(';').filter(|(name, _)| is_name(name)) else {
            out.push(' ');
            rest = after;
            continue;
        };
        out.push(character(name).unwrap_or(' '));
        rest = behind;
    }
    out.push_str(rest);
}

fn character(name: &str) -> Option<char> {
    let code = match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let number = match code.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => code.parse(),
    };
    char::from_u32(number.ok()?)
}
