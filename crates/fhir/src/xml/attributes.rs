//! The inside of a start tag, scanned strictly: a div kept as text goes out again as it came, so
//! what is let in here must be well-formed for every reader (XML 1.0, productions 40 and 41).

use std::borrow::Cow;

use super::characters::{Wrong, unescape_attribute};
use super::name::is_name;

/// More attributes than any document needs; the limit keeps the search for duplicates cheap.
const MOST_ATTRIBUTES: usize = 64;

/// One attribute: prefix, local name, value, offset of its name in the tag.
pub(crate) struct Attribute<'a> {
    pub(crate) prefix: &'a str,
    pub(crate) name: &'a str,
    pub(crate) value: Cow<'a, str>,
    pub(crate) offset: usize,
}

/// Why the inside of a tag is refused.
pub(crate) enum Refused {
    Wrong(Wrong),
    Twice(String),
}

/// `raw` is what stands between the name of the element and `>` or `/>`.
pub(crate) fn attributes(raw: &str) -> Result<Vec<Attribute<'_>>, (usize, Refused)> {
    let mut found: Vec<Attribute<'_>> = Vec::new();
    let mut at = 0;
    let wrong = |at: usize, reason| Err((at, Refused::Wrong(Wrong::Malformed(reason))));
    loop {
        let blanks = blanks(&raw[at..]);
        at += blanks;
        let rest = &raw[at..];
        if rest.is_empty() {
            return Ok(found);
        }
        if blanks == 0 {
            return wrong(at, "a blank is expected before an attribute");
        }
        let name_length =
            rest.find(|c: char| c == '=' || c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (full_name, offset) = (&rest[..name_length], at);
        let Some((prefix, name)) = split_name(full_name) else {
            return wrong(at, "this is no attribute name");
        };
        at += name_length;
        at += self::blanks(&raw[at..]);
        if !raw[at..].starts_with('=') {
            return wrong(at, "an attribute needs a value");
        }
        at += 1;
        at += self::blanks(&raw[at..]);
        let quote = match raw.as_bytes().get(at) {
            Some(b'"') => '"',
            Some(b'\'') => '\'',
            _ => return wrong(at, "an attribute value stands in quotation marks"),
        };
        at += 1;
        let Some(length) = raw[at..].find(quote) else {
            return wrong(at, "the quotation mark at the end of an attribute is missing");
        };
        let value =
            unescape_attribute(&raw[at..at + length]).map_err(|w| (at, Refused::Wrong(w)))?;
        at += length + 1;
        if found.iter().any(|a| a.name == name && a.prefix == prefix) {
            return Err((offset, Refused::Twice(full_name.to_owned())));
        }
        if found.len() == MOST_ATTRIBUTES {
            return wrong(offset, "the element has too many attributes");
        }
        found.push(Attribute { prefix, name, value, offset });
    }
}

/// Prefix, possibly empty, and local name.
pub(crate) fn split_name(full: &str) -> Option<(&str, &str)> {
    match full.split_once(':') {
        Some((prefix, name)) => (is_name(prefix) && is_name(name)).then_some((prefix, name)),
        None => is_name(full).then_some(("", full)),
    }
}

fn blanks(text: &str) -> usize {
    text.bytes().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count()
}
