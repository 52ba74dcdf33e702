//! The query of a request. Names are compared without regard to case, because
//! documents write `Event` and clients `event`; values are taken as they are.

use percent_encoding::percent_decode_str;

/// The parameters of a query, decoded.
#[derive(Debug, Clone, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the part of a URL after `?`. Anything can be read; what is not
    /// valid UTF-8 after decoding is replaced.
    pub fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self(pairs.collect())
    }

    /// The first value of a parameter that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, value)| known.eq_ignore_ascii_case(name) && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter that is not empty.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(known, value)| known.eq_ignore_ascii_case(name) && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is `yes`.
    pub fn is_yes(&self, name: &str) -> bool {
        self.get(name) == Some("yes")
    }

    /// The query again, encoded, without the parameters named here.
    pub fn without(&self, names: &[&str]) -> String {
        let kept = self
            .0
            .iter()
            .filter(|(name, _)| !names.iter().any(|dropped| name.eq_ignore_ascii_case(dropped)));
        let pairs: Vec<String> =
            kept.map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        pairs.join("&")
    }
}

/// `+` stays: it may stand in a URL, which clients send as it is, and no value of
/// KT1 holds a space.
fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Everything but what may stand in a query value unencoded.
const RESERVED: percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b':')
    .remove(b'/');

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, &RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_values_decoded() {
        let query = Query::parse("Event=A%20b&patient=https://x/Patient/1&_count=&x");
        assert_eq!(query.get("event"), Some("A b"));
        assert_eq!(query.get("Patient"), Some("https://x/Patient/1"));
        assert_eq!(Query::parse("_id=a+b%2Bc").get("_id"), Some("a+b+c"));
        assert_eq!(query.get("_count"), None);
        assert_eq!(query.get("x"), None);
    }

    #[test]
    fn a_link_keeps_every_parameter_but_the_page() {
        let query = Query::parse("_summary=true&Page=2&Patient=https://x/a?b=c&d=e%26f");
        assert_eq!(query.without(&["page"]), "_summary=true&Patient=https://x/a%3Fb%3Dc&d=e%26f");
    }
}
