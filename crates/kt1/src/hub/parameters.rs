//! The parameters of a request, as the clients of SignalR write them: encoded as a form
//! does, so that `+` is a space, also in the query. Credentials may be among them, since
//! a browser cannot send a header with a WebSocket or an EventSource; they appear in no
//! log, because no log shows a query.

use http::{HeaderMap, HeaderValue, header};
use percent_encoding::percent_decode_str;

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

    /// The headers of a request, with the credentials of its query where it has no
    /// `Authorization`.
    pub(super) fn with_credentials(&self, headers: &HeaderMap) -> HeaderMap {
        let mut headers = headers.clone();
        if headers.contains_key(header::AUTHORIZATION) {
            return headers;
        }
        let given = match (self.get("Authorization"), self.get("access_token")) {
            (Some(value), _) => value.split_once(' ').map(|(scheme, credentials)| {
                // Base64 may hold a `+` that was not encoded.
                format!("{scheme} {}", credentials.replace(' ', "+"))
            }),
            (None, Some(token)) => Some(format!("Bearer {token}")),
            (None, None) => None,
        };
        if let Some(mut value) = given.and_then(|value| HeaderValue::try_from(value).ok()) {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        headers
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
        let of = |query: &str, headers: &HeaderMap| {
            let headers = Parameters::parse(query).with_credentials(headers);
            headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned())
        };
        for (query, expected) in [
            ("Authorization=Basic%20YTpi", Some("Basic YTpi")),
            ("Authorization=Basic+YTpi", Some("Basic YTpi")),
            ("authorization=Basic%20Y+pi%2B=", Some("Basic Y+pi+=")),
            ("access_token=abc", Some("Bearer abc")),
            ("access_token=a%0Ab", None),
            ("Authorization=Basic", None),
            ("", None),
        ] {
            assert_eq!(of(query, &none).as_deref(), expected, "{query}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic x"));
        assert_eq!(of("access_token=abc", &headers).as_deref(), Some("Basic x"));
    }
}
