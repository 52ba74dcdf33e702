//! What a token says (RFC 7519, 4). Who holds one has either verified its signature
//! or got it from [`Unverified::claims`](super::Unverified::claims).

use std::fmt;

use koppeltaal_core::Timestamp;
use serde_json::{Map, Value};

use super::Refused;

/// The end of the year 9999: later times are mistakes, and would overflow others.
const LATEST: i64 = 253_402_300_799;

const MICROS: f64 = 1e6;

/// The claims of a token.
#[derive(Clone, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// Claims that somebody vouches for.
    pub(crate) fn new(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// A claim that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A claim that is a time (NumericDate: seconds since 1970, fractions allowed,
    /// until the year 9999). Refused when it is there and is anything else.
    pub fn time(&self, name: &'static str) -> Result<Option<Timestamp>, Refused> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        match micros(value) {
            Some(micros) => Ok(Some(Timestamp(micros))),
            None => Err(Refused::new(format!("has a claim `{name}` that is not a time"))),
        }
    }

    /// The texts of `aud`, which may be one or an array; empty when it is absent
    /// or holds anything else.
    pub fn audience(&self) -> Vec<&str> {
        match self.0.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => {
                several.iter().map(Value::as_str).collect::<Option<_>>().unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// All claims, in the order of the token.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// All claims, taken out.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

/// Names only: the values are about people.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn micros(value: &Value) -> Option<i64> {
    let number = value.as_number()?;
    if let Some(seconds) = number.as_i64() {
        return (0..=LATEST).contains(&seconds).then(|| seconds * 1_000_000);
    }
    let seconds = number.as_f64()?;
    if !(0.0..=LATEST as f64).contains(&seconds) {
        return None;
    }
    // At most 2.6e17 after the check, which an i64 holds.
    Some((seconds * MICROS) as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Claims {
        Claims::new(value.as_object().unwrap().clone())
    }

    #[test]
    fn times_are_seconds_with_or_without_a_fraction() {
        for (value, expected) in [
            (json!(0), 0),
            (json!(1_700_000_000), 1_700_000_000_000_000),
            (json!(1.5), 1_500_000),
            (json!(1_700_000_000.25), 1_700_000_000_250_000),
            (json!(1.7e9), 1_700_000_000_000_000),
            (json!(LATEST), LATEST * 1_000_000),
        ] {
            let read = claims(json!({ "exp": value })).time("exp").unwrap();
            assert_eq!(read, Some(Timestamp(expected)), "{value}");
        }
        assert_eq!(claims(json!({})).time("exp"), Ok(None));
    }

    #[test]
    fn what_is_no_time_is_refused_and_not_taken_for_absent() {
        for value in [
            json!(null),
            json!("1700000000"),
            json!(true),
            json!([1]),
            json!({}),
            json!(-1),
            json!(-0.5),
            json!(LATEST + 1),
            json!(u64::MAX),
            json!(1e300),
        ] {
            let refused = claims(json!({ "exp": value })).time("exp").unwrap_err();
            assert_eq!(refused.to_string(), "has a claim `exp` that is not a time", "{value}");
        }
    }

    #[test]
    fn an_audience_is_a_text_or_an_array_of_texts() {
        for (value, expected) in [
            (json!({"aud": "a"}), vec!["a"]),
            (json!({"aud": ["a", "b"]}), vec!["a", "b"]),
            (json!({"aud": []}), vec![]),
            (json!({"aud": ["a", 1]}), vec![]),
            (json!({"aud": 1}), vec![]),
            (json!({"aud": {"a": "a"}}), vec![]),
            (json!({}), vec![]),
        ] {
            assert_eq!(claims(value.clone()).audience(), expected, "{value}");
        }
    }

    #[test]
    fn debug_shows_no_values() {
        assert_eq!(format!("{:?}", claims(json!({"sub": "Patient/1"}))), r#"{"sub"}"#);
    }
}
