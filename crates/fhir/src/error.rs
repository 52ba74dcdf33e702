//! Why a document could not be read, in sentences that may be shown to the sender. They name
//! elements and positions and never quote content, which is care data.

use std::borrow::Cow;

/// Deepest nesting that is read: open objects and arrays in JSON, open elements in XML.
/// A message of the standard needs about twenty levels.
pub const MAX_DEPTH: usize = 100;

/// Names are quoted up to this length, so that an error stays a sentence.
const LONGEST_NAME: usize = 64;

/// Why a JSON or XML document was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Not well-formed, or well-formed and still not FHIR.
    #[error("The document cannot be read at line {line}, column {column}: {reason}.")]
    Malformed {
        /// Line, counted from 1.
        line: u32,
        /// Column in characters, counted from 1.
        column: u32,
        /// What is wrong there, without a final period.
        reason: Cow<'static, str>,
    },
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("The document is nested too deeply: at most {MAX_DEPTH} levels are read.")]
    TooDeep,
    /// `null` in a JSON array. The text is the documented one and the case has a status of its own.
    #[error("The FHIR serialization does not support arrays with empty (null) elements")]
    NullInArray,
    /// The same member twice in one JSON object, or the same attribute twice in one XML element.
    #[error(
        "The name \"{name}\" occurs twice at line {line}, column {column}; a name may occur once."
    )]
    DuplicateMember {
        /// The name, shortened and without control characters.
        name: String,
        /// Line, counted from 1.
        line: u32,
        /// Column in characters, counted from 1.
        column: u32,
    },
    /// The XML has a document type definition.
    #[error("The document has a DOCTYPE; document type definitions are not read.")]
    Doctype,
    /// The XML uses an entity other than `lt`, `gt`, `amp`, `quot`, `apos`.
    #[error(
        "The document uses an entity that XML itself does not define; write the character, or a reference such as &#160;."
    )]
    Entity,
    /// The bytes are no UTF-8, or the XML declaration names another encoding.
    #[error("The document is not UTF-8; only UTF-8 is read.")]
    NotUtf8,
    /// An element or attribute of a namespace that cannot be carried in a resource.
    #[error("\"{name}\" is not in the namespace {expected}, so it cannot be kept.")]
    ForeignNamespace {
        /// The element or attribute, shortened and without control characters.
        name: String,
        /// The namespace that belongs there.
        expected: &'static str,
    },
}

impl ParseError {
    pub(crate) fn malformed(
        text: &str,
        offset: usize,
        reason: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (line, column) = position(text, offset);
        ParseError::Malformed { line, column, reason: reason.into() }
    }

    pub(crate) fn duplicate(text: &str, offset: usize, name: &str) -> Self {
        let (line, column) = position(text, offset);
        ParseError::DuplicateMember { name: printable(name), line, column }
    }

    pub(crate) fn foreign(name: &str, expected: &'static str) -> Self {
        ParseError::ForeignNamespace { name: printable(name), expected }
    }
}

/// A name as it may stand in an error: short, one line.
pub(crate) fn printable(name: &str) -> String {
    let mut shown: String = name
        .chars()
        .take(LONGEST_NAME)
        .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
        .collect();
    if name.chars().nth(LONGEST_NAME).is_some() {
        shown.push('…');
    }
    shown
}

/// Computed only when something is wrong, so that reading a good document does not pay for it.
fn position(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    (
        count(before.bytes().filter(|b| *b == b'\n').count() + 1),
        count(before[line_start..].chars().count() + 1),
    )
}
