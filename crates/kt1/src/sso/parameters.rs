//! The parameters of a request: query and form together, because clients send
//! either with either method; names in any case; none twice (around, 1.1).

use http::{HeaderMap, header};

use crate::answer::Refusal;
use crate::negotiate::text;

/// More parameters than any request has.
const MOST: usize = 64;
/// The longest value.
const LONGEST: usize = 8 * 1024;

/// Where a parameter stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Query,
    Form,
}

/// The parameters of a request. They hold secrets and are not shown.
#[derive(Default)]
pub(super) struct Parameters(Vec<(String, String, Place)>);

impl Parameters {
    /// Reads query and form. What is wrong may be told.
    pub(super) fn read(query: &str, headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        let mut parameters = Self::default();
        parameters.add(query.as_bytes(), Place::Query)?;
        if body.trim_ascii().is_empty() {
            return Ok(parameters);
        }
        let media = text(headers, &header::CONTENT_TYPE).unwrap_or(FORM);
        if !media.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case(FORM) {
            return Err(Refusal::bad_request(
                "value",
                "Send parameters in the query or as application/x-www-form-urlencoded.",
            ));
        }
        parameters.add(body, Place::Form)?;
        Ok(parameters)
    }

    fn add(&mut self, encoded: &[u8], place: Place) -> Result<(), Refusal> {
        for (name, value) in url::form_urlencoded::parse(encoded) {
            if self.0.len() >= MOST {
                return Err(Refusal::bad_request("value", "There are too many parameters."));
            }
            if self.0.iter().any(|(known, ..)| known.eq_ignore_ascii_case(&name)) {
                return Err(Refusal::bad_request("value", "A parameter is given more than once."));
            }
            if value.len() > LONGEST || value.contains('\0') {
                return Err(Refusal::bad_request(
                    "value",
                    "A parameter is too long or holds a character that no parameter has.",
                ));
            }
            self.0.push((name.into_owned(), value.into_owned(), place));
        }
        Ok(())
    }

    /// A parameter; one without a value counts as left out.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, value, _)| known.eq_ignore_ascii_case(name) && !value.is_empty())
            .map(|(_, value, _)| value.as_str())
    }

    /// A parameter, if it is in the form: a query ends up in logs.
    pub(super) fn in_form(&self, name: &str) -> Option<&str> {
        let is_there = |(known, _, place): &(String, String, Place)| {
            known.eq_ignore_ascii_case(name) && *place == Place::Form
        };
        self.get(name).filter(|_| self.0.iter().any(is_there))
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, content_type: &str, body: &str) -> Result<Parameters, Refusal> {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        }
        Parameters::read(query, &headers, body.as_bytes())
    }

    #[test]
    fn query_and_form_are_one_and_names_have_any_case() {
        let read = read("Patient=https://x/Patient/1&a=", FORM, "SCOPE=a+b%20c").unwrap();
        assert_eq!(read.get("patient"), Some("https://x/Patient/1"));
        assert_eq!(read.get("scope"), Some("a b c"));
        assert_eq!(read.get("a"), None);
        assert_eq!((read.in_form("Scope"), read.in_form("patient")), (Some("a b c"), None));
    }

    #[test]
    fn what_is_given_twice_or_not_as_a_form_is_refused() {
        for (query, content_type, body) in [
            ("a=1&A=1", "", ""),
            ("a=1", FORM, "a=1"),
            ("a=&a=2", "", ""),
            ("", "application/json", "{\"a\":1}"),
            ("a=%00", "", ""),
            (&"a=1&".repeat(2), "", ""),
        ] {
            assert!(read(query, content_type, body).is_err(), "{query} {body}");
        }
        // Clients name JSON on every request, also on those without a body.
        assert!(read("a=1", "application/json", " ").is_ok());
        assert!(read("", "", "a=1").is_ok());
        let many: Vec<String> = (0..=MOST).map(|n| format!("p{n}=1")).collect();
        assert!(read(&many.join("&"), "", "").is_err());
    }
}
