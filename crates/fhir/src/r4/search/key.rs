//! Numbers and texts of bounded length that stand for names and values of any length, so that
//! index rows stay small: a number has 31 bits, which a store keeps in four bytes. Nothing is interned: whoever has the text can compute the number.

use std::borrow::Cow;
use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Longest value of a row that is kept as it is, in bytes.
const LONGEST: usize = 190;
/// How much of a longer one is kept at most, in bytes.
const KEPT: usize = 150;

/// The number of the parameter `code` of a type. A variant of a parameter has a suffix:
/// `birthdate:high`, `code:text`, `identifier:of-type`, `patient:identifier`.
pub fn parameter_number(resource_type: &str, code: &str) -> i64 {
    let digest =
        Sha256::new().chain_update(resource_type).chain_update(".").chain_update(code).finalize();
    number_of(&digest)
}

/// A positive number for a text; 0 only for the empty one.
pub fn hash(text: &str) -> i64 {
    if text.is_empty() {
        return 0;
    }
    number_of(&Sha256::digest(text)).max(1)
}

/// The first bytes of a digest without the bit of the sign: 31 bits.
fn number_of(digest: &[u8]) -> i64 {
    i64::from(u32::from_be_bytes(first(digest)) & (u32::MAX >> 1))
}

/// The first bytes of a digest, which is longer.
fn first<const N: usize>(digest: &[u8]) -> [u8; N] {
    digest.first_chunk().copied().unwrap_or([0; N])
}

/// The value as a row holds it: what is too long becomes its beginning and a digest. Zero
/// characters, which not every store takes, become U+FFFD.
pub fn cap(value: &str) -> Cow<'_, str> {
    if value.contains('\0') {
        return Cow::Owned(cap(&value.replace('\0', "\u{fffd}")).into_owned());
    }
    if value.len() <= LONGEST {
        return Cow::Borrowed(value);
    }
    let kept = value.get(..value.floor_char_boundary(KEPT)).unwrap_or_default();
    let mut capped = String::with_capacity(KEPT + 33);
    capped.push_str(kept);
    capped.push('~');
    for byte in first::<16>(&Sha256::digest(value)) {
        // Writing to a string cannot fail.
        let _ = write!(capped, "{byte:02x}");
    }
    Cow::Owned(capped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_first_bytes_of_a_digest() {
        // sha256("Patient.birthdate") and sha256("abc").
        assert_eq!(hash("abc"), 0x3a78_16bf);
        assert_eq!(hash(""), 0);
        let number = parameter_number("Patient", "birthdate");
        assert_eq!(number, 0x7ceb_a527);
        assert_ne!(number, parameter_number("Patient", "birthdate:high"));
        assert_ne!(number, parameter_number("Person", "birthdate"));
    }

    #[test]
    fn a_number_is_not_negative_and_fits_four_bytes() {
        let four_bytes = 0..=i64::from(i32::MAX);
        for at in 0..1_000 {
            let text = format!("http://example.org/{at}é");
            assert!(hash(&text) > 0 && four_bytes.contains(&hash(&text)), "{text}");
            assert!(four_bytes.contains(&parameter_number("Patient", &text)), "{text}");
        }
    }

    #[test]
    fn long_values_keep_their_beginning_and_differ_by_their_end() {
        let short = "a".repeat(190);
        assert_eq!(cap(&short), short);
        let (one, other) = (format!("{short}1"), format!("{short}2"));
        assert_eq!(cap(&one).len(), 150 + 1 + 32);
        assert!(cap(&one).starts_with(&"a".repeat(150)));
        assert_ne!(cap(&one), cap(&other));
        let wide = "é".repeat(100);
        assert_eq!(cap(&wide).len(), 150 + 33);
        let odd = format!("a{wide}");
        assert_eq!(cap(&odd).len(), 149 + 33);
    }

    #[test]
    fn a_zero_character_is_replaced() {
        assert_eq!(cap("a\0b"), "a\u{fffd}b");
    }
}
