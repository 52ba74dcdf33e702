//! The text of a value: alternatives, parts and escapes (FHIR R4, Search,
//! 3.1.1.4.5). Percent-encoding is off already.

use std::borrow::Cow;

/// The parts between separators that no backslash precedes, escapes still in place.
pub fn split(text: &str, separator: char) -> Vec<&str> {
    let mut is_escaped = false;
    let is_separator = |c: char| {
        if is_escaped {
            is_escaped = false;
            return false;
        }
        is_escaped = c == '\\';
        c == separator
    };
    text.split(is_separator).collect()
}

/// The text that is meant: `\,` `\|` `\$` `\\` are the character alone. Any other
/// backslash is one.
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match rest.peek() {
            Some(&next) if c == '\\' && matches!(next, ',' | '|' | '$' | '\\') => {
                plain.push(next);
                rest.next();
            }
            _ => plain.push(c),
        }
    }
    Cow::Owned(plain)
}

/// How an ordered value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    /// Equal; also what no prefix means.
    Equal,
    /// Not equal.
    NotEqual,
    /// Greater.
    Greater,
    /// Less.
    Less,
    /// Greater or equal.
    AtLeast,
    /// Less or equal.
    AtMost,
    /// Wholly after.
    After,
    /// Wholly before.
    Before,
    /// About the same.
    About,
}

impl Prefix {
    const ALL: [(&'static str, Self); 9] = [
        ("eq", Self::Equal),
        ("ne", Self::NotEqual),
        ("gt", Self::Greater),
        ("lt", Self::Less),
        ("ge", Self::AtLeast),
        ("le", Self::AtMost),
        ("sa", Self::After),
        ("eb", Self::Before),
        ("ap", Self::About),
    ];

    /// The prefix of a value and what follows it.
    pub fn of(value: &str) -> (Self, &str) {
        let found =
            Self::ALL.iter().find_map(|(code, prefix)| Some((*prefix, value.strip_prefix(code)?)));
        found.unwrap_or((Self::Equal, value))
    }
}

/// A text of the caller for a message about it: not too long.
pub fn shown(text: &str) -> Cow<'_, str> {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// A time whose zone was written with a bare `+`, which a URL reads as a space: real clients send
/// it so, and no time has a space there.
pub fn with_plus(time: &str) -> Cow<'_, str> {
    let zone = time.len().checked_sub("+00:00".len());
    match zone.and_then(|at| time.split_at_checked(at)) {
        Some((before, zone)) if before.contains('T') && zone.starts_with(' ') => {
            Cow::Owned(format!("{before}+{}", zone.trim_start()))
        }
        _ => Cow::Borrowed(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backslash_keeps_a_separator_in_its_value() {
        for (text, separator, expected) in [
            ("a,b", ',', vec!["a", "b"]),
            (r"a\,b,c", ',', vec![r"a\,b", "c"]),
            (r"a\\,b", ',', vec![r"a\\", "b"]),
            (r"a\\\,b", ',', vec![r"a\\\,b"]),
            ("", ',', vec![""]),
            (",", ',', vec!["", ""]),
            (r"s|c\|d", '|', vec!["s", r"c\|d"]),
            ("a\\", ',', vec!["a\\"]),
        ] {
            assert_eq!(split(text, separator), expected, "{text}");
        }
    }

    #[test]
    fn escapes_are_taken_off_once() {
        for (text, expected) in [
            ("plain", "plain"),
            (r"a\,b\|c\$d\\e", r"a,b|c$d\e"),
            (r"\\,", r"\,"),
            (r"a\nb", r"a\nb"),
            ("a\\", "a\\"),
        ] {
            assert_eq!(unescape(text), expected, "{text}");
        }
    }

    #[test]
    fn a_prefix_is_two_letters_in_front() {
        assert_eq!(Prefix::of("ge2024"), (Prefix::AtLeast, "2024"));
        assert_eq!(Prefix::of("2024"), (Prefix::Equal, "2024"));
        assert_eq!(Prefix::of("GE2024"), (Prefix::Equal, "GE2024"));
        assert_eq!(Prefix::of("é2024"), (Prefix::Equal, "é2024"));
        assert_eq!(Prefix::of(""), (Prefix::Equal, ""));
    }

    #[test]
    fn long_texts_are_shown_by_their_beginning() {
        assert_eq!(shown("abc"), "abc");
        assert_eq!(shown(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
    }

    #[test]
    fn a_space_before_a_zone_was_a_plus() {
        assert_eq!(with_plus("2026-11-22T07:34:59.564 00:00"), "2026-11-22T07:34:59.564+00:00");
        assert_eq!(with_plus("2026-11-22T07:34:59 01:00"), "2026-11-22T07:34:59+01:00");
        for same in ["2026-11-22T07:34:59Z", "2026-11-22 07:34", "2026", "", "é 00:00"] {
            assert_eq!(with_plus(same), same);
        }
    }
}
