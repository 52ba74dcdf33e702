//! Narratives that are safe to show: the elements and attributes of XHTML that R4 allows, no
//! scripts, no forms, nothing that loads by itself (FHIR R4, 2.4.0.1; invariants txt-1, txt-2).

use crate::error::MAX_DEPTH;
use crate::xml::Namespace;
use crate::xml::cursor::{Cursor, Item, Tag};

/// What is wrong with a narrative.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NarrativeFault {
    /// No well-formed XHTML, or not one `div`.
    #[error("the narrative is not one well-formed div of XHTML")]
    Malformed,
    /// An element that is not allowed.
    #[error("the narrative has an element that is not allowed: {0}")]
    Element(String),
    /// An attribute that is not allowed.
    #[error("the narrative has an attribute that is not allowed: {0}")]
    Attribute(String),
    /// A link that runs code.
    #[error("the narrative has a link that is not allowed in attribute {0}")]
    Link(String),
    /// Nothing to read.
    #[error("the narrative has no content")]
    Empty,
}

/// The elements of HTML 4.0 that R4 allows.
fn is_element(name: &str) -> bool {
    matches!(
        name,
        "a" | "abbr"
            | "acronym"
            | "address"
            | "area"
            | "b"
            | "bdo"
            | "big"
            | "blockquote"
            | "br"
            | "caption"
            | "cite"
            | "code"
            | "col"
            | "colgroup"
            | "dd"
            | "del"
            | "dfn"
            | "div"
            | "dl"
            | "dt"
            | "em"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "hr"
            | "i"
            | "img"
            | "ins"
            | "kbd"
            | "li"
            | "map"
            | "ol"
            | "p"
            | "pre"
            | "q"
            | "samp"
            | "small"
            | "span"
            | "strong"
            | "sub"
            | "sup"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "tt"
            | "ul"
            | "var"
    )
}

/// Their attributes; none of them runs or submits anything.
fn is_attribute(name: &str) -> bool {
    matches!(
        name,
        "abbr"
            | "accesskey"
            | "align"
            | "alt"
            | "axis"
            | "border"
            | "cellpadding"
            | "cellspacing"
            | "char"
            | "charoff"
            | "charset"
            | "cite"
            | "class"
            | "colspan"
            | "compact"
            | "coords"
            | "datetime"
            | "dir"
            | "frame"
            | "headers"
            | "height"
            | "href"
            | "hreflang"
            | "id"
            | "ismap"
            | "lang"
            | "longdesc"
            | "name"
            | "nohref"
            | "nowrap"
            | "rel"
            | "rev"
            | "rowspan"
            | "rules"
            | "scope"
            | "shape"
            | "space"
            | "span"
            | "src"
            | "start"
            | "style"
            | "summary"
            | "tabindex"
            | "title"
            | "type"
            | "usemap"
            | "valign"
            | "value"
            | "width"
    )
}

/// Attributes whose value leads somewhere.
const LINKS: [&str; 5] = ["href", "src", "cite", "longdesc", "usemap"];

/// Beginnings of links that run nothing; a link without a scheme is one too.
const SCHEMES: [&str; 8] = ["http", "https", "mailto", "tel", "urn", "sms", "cid", "data:image/"];

/// Is the narrative safe, and is there something to read?
///
/// # Errors
/// The first fault.
pub fn check_narrative(div: &str) -> Result<(), NarrativeFault> {
    const MALFORMED: NarrativeFault = NarrativeFault::Malformed;
    let div = div.trim_matches([' ', '\t', '\r', '\n']);
    let mut cursor = Cursor::new(div.as_bytes(), MAX_DEPTH).map_err(|_| MALFORMED)?;
    let mut depth = 0_usize;
    let mut has_content = false;
    loop {
        match cursor.next().map_err(|_| MALFORMED)? {
            Item::Start(tag) => {
                if depth == 0 && (tag.offset != 0 || tag.name != "div") {
                    return Err(MALFORMED);
                }
                check_tag(&tag)?;
                has_content |= tag.name == "img";
                depth += 1;
            }
            Item::Text(text) => has_content |= text.chars().any(|c| !c.is_whitespace()),
            Item::End => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            Item::Eof => return Err(MALFORMED),
        }
    }
    if cursor.offset() != div.len() {
        return Err(MALFORMED);
    }
    if has_content { Ok(()) } else { Err(NarrativeFault::Empty) }
}

fn check_tag(tag: &Tag<'_>) -> Result<(), NarrativeFault> {
    let is_allowed = tag.namespace == Namespace::Xhtml && is_element(tag.name);
    if !is_allowed {
        return Err(NarrativeFault::Element(shortened(tag.name)));
    }
    for attribute in &tag.attributes {
        let is_xml = attribute.prefix == "xml" && matches!(attribute.name, "lang" | "space");
        let is_namespace = attribute.prefix == "xmlns" || attribute.name == "xmlns";
        if is_xml || is_namespace {
            continue;
        }
        if !attribute.prefix.is_empty() || !is_attribute(attribute.name) {
            return Err(NarrativeFault::Attribute(shortened(attribute.name)));
        }
        if LINKS.contains(&attribute.name) && !is_harmless(&attribute.value) {
            return Err(NarrativeFault::Link(shortened(attribute.name)));
        }
        if attribute.name == "style" && !is_plain_style(&attribute.value) {
            return Err(NarrativeFault::Attribute(shortened(attribute.name)));
        }
    }
    Ok(())
}

fn shortened(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// A link without scheme, or with one that runs nothing. Browsers skip blanks and controls in it.
fn is_harmless(link: &str) -> bool {
    let bare: String = link
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .take(64)
        .collect::<String>()
        .to_ascii_lowercase();
    match bare.find([':', '/', '?', '#']) {
        Some(at) if bare[at..].starts_with(':') => {
            SCHEMES.contains(&&bare[..at])
                || SCHEMES.iter().any(|s| s.contains(':') && bare.starts_with(s))
        }
        _ => true,
    }
}

/// Style that loads and runs nothing.
fn is_plain_style(style: &str) -> bool {
    let bare: String = style.chars().filter(|c| !c.is_whitespace()).collect();
    let bare = bare.to_ascii_lowercase();
    !["expression(", "javascript:", "url(", "@import", "behavior:", "-moz-binding", "\\"]
        .iter()
        .any(|part| bare.contains(part))
}

#[cfg(test)]
mod tests;
