//! An answer, held to what holds for all answers of the FHIR service: the headers,
//! no failure, and an OperationOutcome when something is refused.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Reply {
    /// What was asked, for messages.
    pub what: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text());
        self
    }

    /// Refused with this status, and an issue with this code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        let reply = self.expect(status);
        let issues = reply.issues();
        let has = issues.iter().any(|issue| issue["code"] == code);
        assert!(has, "{}: no {code}: {}", reply.what, reply.text());
        reply
    }

    /// Refused with an issue about this place.
    #[track_caller]
    pub fn about(self, expression: &str) -> Self {
        let issues = self.issues();
        let has = issues.iter().any(|issue| issue["expression"][0] == expression);
        assert!(has, "{}: nothing about {expression}: {}", self.what, self.text());
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a text"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.what, self.text()))
    }

    /// The issues of an OperationOutcome.
    #[track_caller]
    pub fn issues(&self) -> Vec<Value> {
        let outcome = self.json();
        assert_eq!(outcome["resourceType"], "OperationOutcome", "{}", self.text());
        outcome["issue"].as_array().expect("a list").clone()
    }

    /// What the issues say, all of it.
    #[track_caller]
    pub fn diagnostics(&self) -> String {
        let issues = self.issues();
        let told = issues.iter().map(|issue| issue["diagnostics"].as_str().unwrap_or_default());
        told.collect::<Vec<_>>().join("\n")
    }

    /// Everything that a caller sees, but for what is new in every answer: the time
    /// and the ids of the request.
    pub fn seen(&self) -> String {
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| !["date", "x-request-id", "x-trace-id"].contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort();
        format!("{}\n{}\n\n{}", self.status, headers.join("\n"), self.text())
    }

    /// What holds for every answer.
    #[track_caller]
    pub fn check(&self, is_head: bool) {
        let what = &self.what;
        assert!(self.status < 500, "{what}: {} {}", self.status, self.text());
        for (name, expected) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(self.header(name), Some(expected), "{what}: {name}");
        }
        let has = |name: &str, part: &str| {
            let value = self.header(name).unwrap_or_else(|| panic!("{what}: no {name}"));
            assert!(value.contains(part), "{what}: {name}: {value}");
        };
        has("strict-transport-security", "max-age=");
        has("content-security-policy", "frame-ancestors 'none'");
        has("x-request-id", "");
        has("x-trace-id", "");
        for absent in ["access-control-allow-credentials", "server", "x-powered-by"] {
            assert_eq!(self.header(absent), None, "{what}: {absent}");
        }
        let is_compressed = self.header("content-encoding").is_some();
        if self.status < 400 || is_head || is_compressed {
            return;
        }
        match self.header("content-type") {
            Some("application/fhir+json; fhirVersion=4.0; charset=utf-8") => {
                let issues = self.issues();
                assert!(!issues.is_empty(), "{what}: no issue");
                for issue in issues {
                    let has =
                        |name: &str| issue[name].as_str().is_some_and(|text| !text.is_empty());
                    let is_told = has("severity") && has("code") && has("diagnostics");
                    assert!(is_told, "{what}: {issue}");
                }
            }
            Some("application/fhir+xml; fhirVersion=4.0; charset=utf-8") => {
                let text = self.text();
                for part in [
                    "<OperationOutcome xmlns=\"http://hl7.org/fhir\">",
                    "<severity value=",
                    "<code value=",
                    "<diagnostics value=",
                ] {
                    assert!(text.contains(part), "{what}: no {part}: {text}");
                }
            }
            other => panic!("{what}: {} with content type {other:?}", self.status),
        }
    }
}
