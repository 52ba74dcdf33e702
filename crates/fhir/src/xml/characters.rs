//! Characters of XML 1.0: which are legal (production 2), references to them, and escaping so that
//! every string survives, line breaks in attribute values included (section 3.3.3).

use std::borrow::Cow;

use crate::error::ParseError;

/// Why a piece of text could not be unescaped.
#[derive(Debug, PartialEq)]
pub(crate) enum Wrong {
    /// An entity that XML does not define.
    Entity,
    /// Anything else, as the end of a sentence.
    Malformed(&'static str),
}

impl Wrong {
    pub(crate) fn at(self, text: &str, offset: usize) -> ParseError {
        match self {
            Wrong::Entity => ParseError::Entity,
            Wrong::Malformed(reason) => ParseError::malformed(text, offset, reason),
        }
    }
}

pub(crate) fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// The offset of the first character that XML does not allow, escaped or not.
pub(crate) fn first_illegal(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    // Bytes decide: controls below 0x20, and U+FFFE and U+FFFF as EF BF BE and EF BF BF.
    bytes.iter().enumerate().position(|(at, byte)| match byte {
        b'\t' | b'\n' | b'\r' => false,
        0..=0x1F => true,
        0xEF => matches!(bytes.get(at + 1..at + 3), Some([0xBF, 0xBE | 0xBF])),
        _ => false,
    })
}

/// XML cannot carry some characters that JSON strings can (`\u0000`, `\u0001`, U+FFFE). They become
/// U+FFFD, the character that Unicode has for this: the loss shows, and the document stays readable.
pub(crate) fn replace_illegal(text: &str) -> Cow<'_, str> {
    match first_illegal(text) {
        None => Cow::Borrowed(text),
        Some(_) => {
            Cow::Owned(text.chars().map(|c| if is_legal(c) { c } else { '\u{FFFD}' }).collect())
        }
    }
}

/// Resolves references in the content of an element and normalises line ends.
pub(crate) fn unescape_text(raw: &str) -> Result<Cow<'_, str>, Wrong> {
    if raw.contains("]]>") {
        return Err(Wrong::Malformed("\"]]>\" may not stand in text"));
    }
    unescape(raw, false)
}

/// Resolves references in an attribute value; literal white space becomes spaces, references to
/// white space stay what they are.
pub(crate) fn unescape_attribute(raw: &str) -> Result<Cow<'_, str>, Wrong> {
    unescape(raw, true)
}

fn unescape(raw: &str, attribute: bool) -> Result<Cow<'_, str>, Wrong> {
    let special =
        |b: u8| matches!(b, b'&' | b'<' | b'\r') || attribute && matches!(b, b'\n' | b'\t');
    if !raw.bytes().any(special) {
        return Ok(Cow::Borrowed(raw));
    }
    let bytes = raw.as_bytes();
    let mut out = String::with_capacity(raw.len());
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        if !special(bytes[at]) {
            at += 1;
            continue;
        }
        out.push_str(&raw[copied..at]);
        match bytes[at] {
            b'&' => {
                let length = raw[at..]
                    .find(';')
                    .ok_or(Wrong::Malformed("\"&\" must be written as &amp;"))?;
                out.push(reference(&raw[at + 1..at + length])?);
                at += length + 1;
            }
            b'<' => return Err(Wrong::Malformed("\"<\" must be written as &lt; here")),
            b'\r' => {
                out.push(if attribute { ' ' } else { '\n' });
                at += if bytes.get(at + 1) == Some(&b'\n') { 2 } else { 1 };
            }
            _ => {
                out.push(' ');
                at += 1;
            }
        }
        copied = at;
    }
    out.push_str(&raw[copied..]);
    Ok(Cow::Owned(out))
}

/// The character behind what stands between `&` and `;`.
pub(crate) fn reference(name: &str) -> Result<char, Wrong> {
    let code = match name {
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "amp" => return Ok('&'),
        "quot" => return Ok('"'),
        "apos" => return Ok('\''),
        _ => name.strip_prefix('#').ok_or_else(|| {
            if super::name::is_name(name) {
                Wrong::Entity
            } else {
                Wrong::Malformed("\"&\" must be written as &amp;")
            }
        })?,
    };
    let (digits, radix) = code.strip_prefix('x').map_or((code, 10), |hex| (hex, 16));
    let value = if digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        u32::from_str_radix(digits, radix).ok()
    } else {
        None
    };
    value
        .and_then(char::from_u32)
        .filter(|c| is_legal(*c))
        .ok_or(Wrong::Malformed("this character reference names no character of XML"))
}

/// Appends an attribute value, between quotation marks, so that reading gives the same string.
pub(crate) fn escape_attribute(text: &str, out: &mut String) {
    escape(text, out, |byte| match byte {
        b'"' => Some("&quot;"),
        b'\n' => Some("&#10;"),
        b'\t' => Some("&#9;"),
        other => escape_everywhere(other),
    });
}

/// Appends the content of an element.
pub(crate) fn escape_text(text: &str, out: &mut String) {
    escape(text, out, escape_everywhere);
}

fn escape_everywhere(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#13;"),
        _ => None,
    }
}

fn escape(text: &str, out: &mut String, replacement: impl Fn(u8) -> Option<&'static str>) {
    let text = replace_illegal(text);
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(replacement) = replacement(byte) {
            out.push_str(&text[copied..at]);
            out.push_str(replacement);
            copied = at + 1;
        }
    }
    out.push_str(&text[copied..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_values_round_trip_with_white_space_and_markup() {
        for text in ["a\r\n\tb", "<&>\"'", "", "  ", "]]>", "é 😀"] {
            let mut escaped = String::new();
            escape_attribute(text, &mut escaped);
            assert_eq!(unescape_attribute(&escaped).as_deref(), Ok(text));
            let mut escaped = String::new();
            escape_text(text, &mut escaped);
            assert_eq!(unescape_text(&escaped).as_deref(), Ok(text));
        }
    }

    #[test]
    fn literal_white_space_is_normalised() {
        assert_eq!(unescape_attribute("a\r\nb\tc\nd\re").as_deref(), Ok("a b c d e"));
        assert_eq!(unescape_text("a\r\nb\rc\td").as_deref(), Ok("a\nb\nc\td"));
    }

    #[test]
    fn references_outside_xml_are_refused() {
        assert_eq!(unescape_attribute("&nbsp;"), Err(Wrong::Entity));
        for bad in [
            "&",
            "&;",
            "&#;",
            "&#x;",
            "&#0;",
            "&#1;",
            "&#xD800;",
            "&#x110000;",
            "&#+9;",
            "a & b;",
            "<",
        ] {
            assert!(matches!(unescape_attribute(bad), Err(Wrong::Malformed(_))), "{bad}");
        }
        assert_eq!(unescape_attribute("&#xA0;&#65;").as_deref(), Ok("\u{A0}A"));
    }

    #[test]
    fn characters_xml_cannot_carry_become_the_replacement_character() {
        let mut out = String::new();
        escape_attribute("a\u{0}b\u{1}\u{FFFE}\u{FFFD}", &mut out);
        assert_eq!(out, "a\u{FFFD}b\u{FFFD}\u{FFFD}\u{FFFD}");
        assert_eq!(first_illegal("ok \u{FFFD}\u{1F600}"), None);
        assert_eq!(first_illegal("a\u{FFFF}"), Some(1));
    }
}
