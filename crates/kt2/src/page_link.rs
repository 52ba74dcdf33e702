//! The opaque text of page links: everything that the next page needs, sealed
//! with a key of this installation and bound to the domain, the caller and the
//! place, so that nobody else can use or change it (decisions: paging).
//!
//! Nothing is kept between pages: a search whose own text is too long for a link
//! is refused when its results do not fit on one page.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use crate::call::Call;
use crate::outcome::Refusal;

/// The parameter that holds the text.
pub const PARAMETER: &str = "_page";

/// Parameters that say how the answer is written; links show them, so that the
/// layer which negotiates sees them.
pub const SHOWN: [&str; 4] = ["_format", "_pretty", "_summary", "_elements"];

/// Longest text, so that the URL stays below 8 KiB.
const LONGEST: usize = 7_500;
/// Bytes of the seal, in front of what is sealed.
const SEAL: usize = 32;
/// Shorter contents are not compressed.
const SHORT: usize = 600;
/// More than any sealed content; only our own texts get so far.
const MOST: u64 = 1 << 20;

/// Those of these parameters that a link shows beside its text.
pub fn shown(pairs: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    let all = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    all.filter(|(name, _)| SHOWN.contains(name))
}

/// What a text is bound to.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'a> {
    /// The key of the installation.
    pub key: &'a [u8; 32],
    /// The number of the domain.
    pub domain: i64,
    /// The client_id of the caller; empty for nobody.
    pub caller: &'a str,
    /// The interaction and what it is about: `Task`, `Task/1/_history`.
    pub place: &'a str,
}

impl<'a> Bound<'a> {
    /// To the caller of a request and a place.
    pub fn to(call: &'a Call, place: &'a str) -> Self {
        let caller = call.access.as_ref();
        Self {
            key: &call.app.page_key,
            domain: call.domain.number,
            caller: caller.map_or("", |access| access.instance.instance.client_id.as_str()),
            place,
        }
    }

    fn mac(&self, content: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key).ok()?;
        let domain = self.domain.to_be_bytes();
        for part in [&domain[..], self.caller.as_bytes(), self.place.as_bytes(), content] {
            // With its length in front no part can end in another.
            mac.update(&u64::try_from(part.len()).ok()?.to_be_bytes());
            mac.update(part);
        }
        Some(mac)
    }
}

/// Seals a content; `None` when the text is too long for a URL.
pub fn seal(bound: &Bound<'_>, content: &impl Serialize) -> Option<String> {
    let json = serde_json::to_vec(content).ok()?;
    let body = match json.len() < SHORT {
        true => [&[0], &json[..]].concat(),
        false => {
            let mut encoder = DeflateEncoder::new(vec![1], Compression::fast());
            encoder.write_all(&json).ok()?;
            encoder.finish().ok()?
        }
    };
    let seal = bound.mac(&body)?.finalize().into_bytes();
    let text = URL_SAFE_NO_PAD.encode([&seal[..], &body].concat());
    (text.len() <= LONGEST).then_some(text)
}

/// Opens a text of [`seal`] that is bound to the same.
pub fn open<T: DeserializeOwned>(bound: &Bound<'_>, text: &str) -> Result<T, Refusal> {
    opened(bound, text).ok_or_else(not_valid)
}

/// What is told about a text that is not ours, or of another caller.
pub fn not_valid() -> Refusal {
    Refusal::bad_request("invalid", "This page link is not valid (any more): search again.")
        .at(&format!("http.{PARAMETER}"))
}

fn opened<T: DeserializeOwned>(bound: &Bound<'_>, text: &str) -> Option<T> {
    if text.len() > LONGEST {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (seal, body) = bytes.split_at_checked(SEAL)?;
    bound.mac(body)?.verify_slice(seal).ok()?;
    let (form, rest) = body.split_first()?;
    if *form == 0 {
        return serde_json::from_slice(rest).ok();
    }
    let mut json = Vec::new();
    DeflateDecoder::new(rest).take(MOST).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOUND: Bound<'static> =
        Bound { key: &[7; 32], domain: 3, caller: "client-1", place: "Task" };

    fn content(length: usize) -> Vec<(String, String)> {
        vec![("name".to_owned(), "é".repeat(length))]
    }

    fn is_open(bound: &Bound<'_>, text: &str) -> bool {
        open::<Vec<(String, String)>>(bound, text).is_ok()
    }

    #[test]
    fn what_was_sealed_opens_for_the_same_caller_domain_and_place_only() {
        for length in [0, 10, 400, 5_000] {
            let text = seal(&BOUND, &content(length)).unwrap();
            assert_eq!(open::<Vec<(String, String)>>(&BOUND, &text).unwrap(), content(length));
            for other in [
                Bound { key: &[8; 32], ..BOUND },
                Bound { domain: 4, ..BOUND },
                Bound { caller: "client-2", ..BOUND },
                Bound { place: "Patient", ..BOUND },
                Bound { caller: "client-1T", place: "ask", ..BOUND },
            ] {
                let refusal = open::<Vec<(String, String)>>(&other, &text).unwrap_err();
                assert_eq!(refusal.status, 400);
                assert_eq!(refusal.issues[0].code, "invalid");
            }
        }
    }

    #[test]
    fn a_text_that_changed_does_not_open() {
        let text = seal(&BOUND, &content(10)).unwrap();
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            assert!(!is_open(&BOUND, &String::from_utf8(other).unwrap()), "{at}");
        }
        for odd in ["", "A", "AAAA", "%", &"A".repeat(60), &"A".repeat(100_000)] {
            assert!(!is_open(&BOUND, odd), "{odd}");
        }
        assert!(!is_open(&BOUND, &format!("{text}A")));
    }

    #[test]
    fn what_is_too_long_for_a_url_is_not_sealed() {
        let noise: Vec<String> =
            (0..2_000_u64).map(|n| format!("{:x}", n * n * 2_654_435_761)).collect();
        assert_eq!(seal(&BOUND, &noise), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_fail(text in "[A-Za-z0-9_-]{0,200}") {
            prop_assert!(!is_open(&BOUND, &text));
        }
    }
}
