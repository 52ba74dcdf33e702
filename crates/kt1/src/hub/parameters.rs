//! The parameters of a request, as the clients of SignalR write them: encoded as a form
//! does, so that `+` is a space, also in the query. Credentials may be among them, since
//! a browser cannot send a header with a WebSocket or an EventSource; they appear in no
//! log, because no log shows a query.

use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;

use crate::authenticate::Credentials;

/// The parameters of a query or form, decoded.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads a query or the body of a form. Anything can be read.
    pub(super) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self(pairs.collect())
    }

    /// The first value of a parameter that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, value)| known.eq_ignore_ascii_case(name) && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The credentials of a request: those of its header, or of its query.
    pub(super) fn credentials(&self, headers: &HeaderMap) -> Option<Credentials> {
        if headers.contains_key(header::AUTHORIZATION) {
            return Credentials::of(headers);
        }
        if let Some(value) = self.get("Authorization") {
            let (scheme, credentials) = value.split_once(' ')?;
            // Base64 may hold a `+` that was not encoded.
            return Credentials::read(&format!("{scheme} {}", credentials.replace(' ', "+")));
        }
        self.get("access_token").map(|token| Credentials::Bearer(token.to_owned()))
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_those_of_a_form() {
        let parameters = Parameters::parse("messageId=p-1&data=%7B%22H%22%3A+1%7D&x&=&a=%ff");
        assert_eq!(parameters.get("MessageID"), Some("p-1"));
        assert_eq!(parameters.get("data"), Some("{\"H\": 1}"));
        assert_eq!(parameters.get("x"), None);
    }

    #[test]
    fn credentials_of_the_query_stand_in_for_a_header() {
        let none = HeaderMap::new();
        let basic = |password: &str| Some(Credentials::Basic("a".to_owned(), password.to_owned()));
        for (query, expected) in [
            ("Authorization=Basic%20YTpi", basic("b")),
            ("Authorization=Basic+YTpi", basic("b")),
            ("authorization=Basic%20YTpiPj4+", basic("b>>>")),
            ("authorization=Basic%20YTpiPj4%2B", basic("b>>>")),
            ("access_token=abc", Some(Credentials::Bearer("abc".to_owned()))),
            ("Authorization=Bearer%20abc", Some(Credentials::Bearer("abc".to_owned()))),
            ("Authorization=Basic", None),
            ("", None),
        ] {
            assert!(Parameters::parse(query).credentials(&none) == expected, "{query}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, "Basic YTpi".parse().unwrap());
        assert!(Parameters::parse("access_token=abc").credentials(&headers) == basic("b"));
    }
}
