//! The parameters of a request, in order: a query, or the form of a search by POST
//! (FHIR R4, 3.1.1.2); and the segments of its path. What cannot be text in the
//! store is refused here.

use std::borrow::Cow;

use http::StatusCode;
use percent_encoding::percent_decode_str;

use crate::outcome::Refusal;

/// More text than any search needs, in bytes.
const MOST: usize = 64 * 1024;
/// More parameters than any search has.
const MOST_PARAMETERS: usize = 200;

/// The parameters with their values, decoded; `+` is a space. 400 when the text is
/// wrongly encoded or holds too many, 414 when it is too long.
pub fn pairs(query: Option<&str>) -> Result<Vec<(String, String)>, Refusal> {
    let query = query.unwrap_or_default();
    if query.len() > MOST {
        return Err(Refusal::new(
            StatusCode::URI_TOO_LONG,
            "too-long",
            "The parameters are longer than the 64 KiB that this server reads.",
        ));
    }
    let mut pairs = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        if pairs.len() == MOST_PARAMETERS {
            return Err(Refusal::bad_request(
                "too-costly",
                format!(
                    "There are more than the {MOST_PARAMETERS} parameters that this server reads."
                ),
            ));
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.push((decoded(name)?, decoded(value)?));
    }
    Ok(pairs)
}

fn decoded(text: &str) -> Result<String, Refusal> {
    let spaced = match text.contains('+') {
        true => Cow::Owned(text.replace('+', " ")),
        false => Cow::Borrowed(text),
    };
    percent_decoded(&spaced, "the parameters")
}

/// A segment of the path below a base, decoded once; a plus sign is itself, and an
/// encoded slash is part of the segment. 400 when it is wrongly encoded.
pub fn segment(text: &str) -> Result<String, Refusal> {
    percent_decoded(text, "the path")
}

fn percent_decoded(text: &str, place: &str) -> Result<String, Refusal> {
    if !is_encoded(text) {
        let told = "a percent sign is not followed by two hexadecimal digits; write %25.";
        return Err(wrong(&format!("In {place} {told}")));
    }
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded
        .map_err(|_| wrong(&format!("The percent-encoded bytes of {place} are not UTF-8.")))?;
    if decoded.contains('\0') {
        return Err(wrong(&format!("There is a character NUL in {place}.")));
    }
    Ok(decoded.into_owned())
}

/// Does every percent sign begin an encoded byte?
fn is_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let mut digits = after.bytes();
        matches!(
            (digits.next(), digits.next()),
            (Some(one), Some(two)) if one.is_ascii_hexdigit() && two.is_ascii_hexdigit()
        )
    })
}

fn wrong(told: &str) -> Refusal {
    Refusal::bad_request("structure", told)
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn parameters_are_decoded_once_and_keep_their_order() {
        for (query, expected) in [
            (None, &[] as &[_]),
            (Some(""), &[]),
            (Some("&&"), &[]),
            (Some("b=1&a=2&b=3"), &[("b", "1"), ("a", "2"), ("b", "3")]),
            (Some("name=J%C3%A9r%C3%B4me+de%20W"), &[("name", "Jérôme de W")]),
            (Some("identifier=urn%3Aa%7Cb%2525"), &[("identifier", "urn:a|b%25")]),
            (Some("family%3Aexact=x=y"), &[("family:exact", "x=y")]),
            (Some("a&=b"), &[("a", ""), ("", "b")]),
            (Some("a=%2B+%26"), &[("a", "+ &")]),
        ] {
            assert_eq!(pairs(query).unwrap(), owned(expected), "{query:?}");
        }
    }

    #[test]
    fn what_is_wrongly_encoded_is_refused() {
        for query in ["a=%", "a=%4", "a=%zz", "%=1", "a=100%", "a=%FF", "a=%C3", "a=%00", "a=%+1"] {
            let refusal = pairs(Some(query)).unwrap_err();
            assert_eq!(refusal.status, StatusCode::BAD_REQUEST, "{query}");
        }
    }

    #[test]
    fn a_segment_is_decoded_once_and_stays_one() {
        for (text, expected) in
            [("Patient", "Patient"), ("%24validate", "$validate"), ("a+b%252D%2F", "a+b%2D/")]
        {
            assert_eq!(segment(text).unwrap(), expected, "{text}");
        }
        for odd in ["%", "a%4", "%zz", "%FF", "%C3", "a%00"] {
            assert_eq!(segment(odd).unwrap_err().status, StatusCode::BAD_REQUEST, "{odd}");
        }
    }

    #[test]
    fn the_parameters_are_bounded_in_number_and_length() {
        assert_eq!(pairs(Some(&"a=1&".repeat(MOST_PARAMETERS))).unwrap().len(), MOST_PARAMETERS);
        let many = pairs(Some(&"a=1&".repeat(MOST_PARAMETERS + 1))).unwrap_err();
        assert_eq!(many.status, StatusCode::BAD_REQUEST);
        assert!(pairs(Some(&"a".repeat(MOST))).is_ok());
        let long = pairs(Some(&"a".repeat(MOST + 1))).unwrap_err();
        assert_eq!(long.status, StatusCode::URI_TOO_LONG);
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(given in prop::collection::vec(("[^\\x00]{1,8}", "[^\\x00]{0,8}"), 0..8)) {
            let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let query: Vec<String> =
                given.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
            prop_assert_eq!(pairs(Some(&query.join("&"))).unwrap(), given);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
            if let Ok(read) = pairs(Some(&text)) {
                prop_assert!(read.len() <= text.matches('&').count() + 1);
            }
        }
    }
}
