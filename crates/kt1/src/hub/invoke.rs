//! What a client calls. The hub has one method: StartPush.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::NAME;

/// The method, in any case.
const START_PUSH: &str = "StartPush";

/// The longest call that is read, in bytes.
pub(super) const LONGEST: usize = 16 * 1024;

#[derive(Deserialize)]
struct Invocation {
    #[serde(rename = "H", default)]
    hub: String,
    #[serde(rename = "M", default)]
    method: String,
    #[serde(rename = "I", default)]
    id: Value,
}

#[derive(Serialize)]
struct Result<'a> {
    #[serde(rename = "I", skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "E", skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

/// A call that was read.
pub(super) struct Call {
    id: Option<String>,
    unknown: Option<&'static str>,
}

impl Call {
    /// Reads a call; `None` when it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        // A list would be read as the members in order.
        let text = text.trim_start();
        let invocation: Invocation =
            serde_json::from_str(text).ok().filter(|_| text.starts_with('{'))?;
        let id = match invocation.id {
            Value::Null => None,
            Value::String(id) => Some(id),
            Value::Number(id) => Some(id.to_string()),
            _ => return None,
        };
        let unknown = if !invocation.hub.eq_ignore_ascii_case(NAME) {
            Some("There is no such hub; there is KoppeltaalHub.")
        } else if !invocation.method.eq_ignore_ascii_case(START_PUSH) {
            Some("The hub has no such method; it has StartPush.")
        } else {
            None
        };
        Some(Self { id, unknown })
    }

    /// Whether it is StartPush.
    pub(super) fn is_start(&self) -> bool {
        self.unknown.is_none()
    }

    /// What its caller hears; `failure` says why it could not be done.
    pub(super) fn answer(&self, failure: Option<&str>) -> String {
        let result = Result { id: self.id.as_deref(), error: self.unknown.or(failure) };
        // Two texts can always be written.
        serde_json::to_string(&result).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(bool, &str)>) {
        let call = Call::parse(text);
        let said = call.map(|call| (call.is_start(), call.answer(None)));
        let expected = expected.map(|(is_start, answer)| (is_start, answer.to_owned()));
        assert_eq!(said, expected, "{text}");
    }

    #[test]
    fn start_push_is_found_in_any_case_and_its_id_comes_back_as_text() {
        let ok = |answer| Some((true, answer));
        check(r#"{"H":"koppeltaalhub","M":"StartPush","A":[],"I":0}"#, ok(r#"{"I":"0"}"#));
        check(r#"{"H":"KOPPELTAALHUB","M":"startpush","I":"a"}"#, ok(r#"{"I":"a"}"#));
        check(r#"{"H":"KoppeltaalHub","M":"startPush","S":{"x":1}}"#, ok("{}"));
    }

    #[test]
    fn what_the_hub_does_not_have_is_an_error_of_the_call() {
        for text in [
            r#"{"H":"other","M":"StartPush","I":3}"#,
            r#"{"H":"koppeltaalhub","M":"Other","I":3}"#,
            r#"{"I":3}"#,
        ] {
            let call = Call::parse(text).unwrap();
            assert!(!call.is_start() && call.answer(None).starts_with(r#"{"I":"3","E":""#));
        }
    }

    #[test]
    fn what_is_no_call_is_none() {
        let deep = "[".repeat(10_000);
        for text in ["", "x", "[]", "3", "{\"I\":{}}", "{\"H\":1}", deep.as_str()] {
            check(text, None);
        }
    }
}
