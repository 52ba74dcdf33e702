//! Names of XML elements, and an encoding for JSON member names that are no such names, after the
//! rules of ISO/IEC 9075-14 (`_x0020_` for a blank), so that unknown members survive.

use std::borrow::Cow;
use std::fmt::Write as _;

fn starts_name(c: char) -> bool {
    c.is_ascii_alphabetic()
        || c == '_'
        || matches!(c, '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
            | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
            | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn continues_name(c: char) -> bool {
    starts_name(c)
        || c.is_ascii_digit()
        || matches!(c, '-' | '.' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Is this a name without a colon (NCName of Namespaces in XML 1.0)?
pub(crate) fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(starts_name) && chars.all(continues_name)
}

/// The member name as an element name. An underscore at the start is encoded too: in JSON it marks
/// the companion of a primitive, so an element never has one.
pub(crate) fn encode(name: &str) -> Cow<'_, str> {
    if is_name(name) && !name.starts_with('_') && !name.contains("_x") {
        return Cow::Borrowed(name);
    }
    let mut encoded = String::with_capacity(name.len() + 8);
    for (at, c) in name.char_indices() {
        let legal = if at == 0 { starts_name(c) && c != '_' } else { continues_name(c) };
        if legal && !(c == '_' && name[at..].starts_with("_x")) {
            encoded.push(c);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "_x{:04X}_", u32::from(c));
        }
    }
    if encoded.is_empty() {
        // The empty name; no other name encodes to this.
        encoded.push_str("_x_");
    }
    Cow::Owned(encoded)
}

/// The member name of an element name; what [`encode`] did not write stays as it is.
pub(crate) fn decode(name: &str) -> Cow<'_, str> {
    if !name.contains("_x") {
        return Cow::Borrowed(name);
    }
    if name == "_x_" {
        return Cow::Borrowed("");
    }
    let mut decoded = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find("_x") {
        decoded.push_str(&rest[..at]);
        let hex = &rest[at + 2..];
        let c = hex.find('_').filter(|end| (4..=6).contains(end)).and_then(|end| {
            Some((end, char::from_u32(u32::from_str_radix(&hex[..end], 16).ok()?)?))
        });
        match c {
            Some((end, c)) => {
                decoded.push(c);
                rest = &hex[end + 1..];
            }
            None => {
                decoded.push_str("_x");
                rest = hex;
            }
        }
    }
    decoded.push_str(rest);
    if encode(&decoded) == name { Cow::Owned(decoded) } else { Cow::Borrowed(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_name_becomes_an_element_name_and_comes_back() {
        for name in [
            "status",
            "foo bar",
            "1st",
            "",
            "_id",
            "@x",
            "a:b",
            "a_x0020_b",
            "_x_",
            "é",
            "a\u{0}b",
            "😀",
            "-",
            "x_y",
            "\u{FFFE}",
        ] {
            let encoded = encode(name);
            assert!(is_name(&encoded), "{name} -> {encoded}");
            assert!(name.is_empty() || decode(&encoded) == name, "{name} -> {encoded}");
        }
        assert_eq!(encode("status"), "status");
        assert_eq!(encode("foo bar"), "foo_x0020_bar");
    }

    #[test]
    fn names_that_were_not_encoded_stay() {
        for name in ["a_xyz", "a_x0041_b", "a_x12_", "_xD800_", "a_x", "a_x00e9_"] {
            assert_eq!(decode(name), name);
        }
    }
}
