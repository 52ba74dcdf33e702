//! What Prefer asks for (RFC 7240; FHIR R4, 3.1.0.1.6 and 3.1.1.3). A preference
//! that is not known, or has a value that is not known, is ignored.

use http::{HeaderMap, HeaderName};

use super::Returns;
use super::format::split;

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// What the answer to a change holds; a caller that says nothing gets the resource.
pub fn returns(headers: &HeaderMap) -> Returns {
    preference(headers, "return", |value| {
        if value.eq_ignore_ascii_case("minimal") {
            Some(Returns::Minimal)
        } else if value.eq_ignore_ascii_case("OperationOutcome") {
            Some(Returns::OperationOutcome)
        } else {
            value.eq_ignore_ascii_case("representation").then_some(Returns::Representation)
        }
    })
    .unwrap_or_default()
}

/// Whether parameters that are not known make a search fail.
pub fn is_strict(headers: &HeaderMap) -> bool {
    preference(headers, "handling", |value| {
        let is_strict = value.eq_ignore_ascii_case("strict");
        (is_strict || value.eq_ignore_ascii_case("lenient")).then_some(is_strict)
    })
    .unwrap_or_default()
}

/// The first value of a preference that is understood. Preferences stand between
/// commas; clients also write semicolons.
fn preference<T>(
    headers: &HeaderMap,
    name: &str,
    understand: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| split(value, ',')).flat_map(|p| split(p, ';'));
    preferences.find_map(|preference| {
        let (key, value) = preference.split_once('=')?;
        let is_meant = key.trim().eq_ignore_ascii_case(name);
        is_meant.then(|| understand(value.trim().trim_matches('"')))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_preferences_are_honoured_and_others_ignored() {
        use Returns::{Minimal, OperationOutcome, Representation};
        for (value, returned, strict) in [
            ("return=minimal", Minimal, false),
            ("return=representation", Representation, false),
            ("return=OperationOutcome", OperationOutcome, false),
            ("Return = \"operationoutcome\", handling=strict", OperationOutcome, true),
            ("respond-async; return=minimal; handling=lenient", Minimal, false),
            ("handling=strict", Representation, true),
            ("return=everything, handling=maybe", Representation, false),
            ("return=everything, return=minimal, return=representation", Minimal, false),
            ("wait=10, foo=\"a, return=minimal\"", Representation, false),
            ("", Representation, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(PREFER, value.parse().unwrap());
            assert_eq!((returns(&headers), is_strict(&headers)), (returned, strict), "{value}");
        }
    }
}
