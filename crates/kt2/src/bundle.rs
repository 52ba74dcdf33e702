//! Bundles of results, put together as text: stored resources are JSON already,
//! and are passed on without being read again (FHIR R4, Bundle).

use std::fmt::Write;

use koppeltaal_fhir::{Node, json};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::outcome::{Issue, operation_outcome};

/// Where other pages are: absolute URLs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Links {
    /// This page.
    pub this: String,
    /// The first page.
    pub first: Option<String>,
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
}

/// A Bundle in the making.
#[derive(Debug)]
pub struct Bundle {
    text: String,
    has_entries: bool,
}

impl Bundle {
    /// Begins a Bundle of this type (`searchset`, `history`). `total` counts all
    /// matches, on other pages too.
    pub fn new(kind: &str, total: i64, links: &Links) -> Self {
        let mut text =
            format!(r#"{{"resourceType":"Bundle","type":"{kind}","total":{total},"link":["#);
        let named = [
            ("self", Some(&links.this)),
            ("first", links.first.as_ref()),
            ("previous", links.previous.as_ref()),
            ("next", links.next.as_ref()),
        ];
        let named = named.into_iter().filter_map(|(name, url)| Some((name, url?)));
        for (place, (relation, url)) in named.enumerate() {
            let comma = if place > 0 { "," } else { "" };
            // Writing to a string cannot fail.
            let _ = write!(text, r#"{comma}{{"relation":"{relation}","url":{}}}"#, quoted(url));
        }
        text.push(']');
        Self { text, has_entries: false }
    }

    /// Adds a result of a search. `resource` is its JSON; `mode` is `match` or
    /// `include`.
    pub fn result(&mut self, full_url: &str, resource: &str, mode: &str) {
        let url = quoted(full_url);
        self.entry(&format!(r#""fullUrl":{url},"resource":"#), resource);
        let _ = write!(self.text, r#","search":{{"mode":"{mode}"}}}}"#);
    }

    /// Adds what is told about the search itself.
    pub fn outcome(&mut self, issues: &[Issue]) {
        if issues.is_empty() {
            return;
        }
        // It is no resource of the server, and an entry has a URL.
        let url = quoted(&format!("urn:uuid:{}", uuid::Uuid::new_v4()));
        let outcome = json::render(&operation_outcome(issues));
        self.entry(&format!(r#""fullUrl":{url},"resource":"#), &outcome);
        self.text.push_str(r#","search":{"mode":"outcome"}}"#);
    }

    /// Adds a version of a resource to a history: the request that made it and the
    /// answer of that time. Without `resource` it was a deletion.
    pub fn version(
        &mut self,
        full_url: &str,
        resource: Option<&str>,
        request: &Node,
        response: &Node,
    ) {
        let url = quoted(full_url);
        match resource {
            Some(resource) => self.entry(&format!(r#""fullUrl":{url},"resource":"#), resource),
            None => self.entry(&format!(r#""fullUrl":{url}"#), ""),
        }
        self.text.push_str(r#","request":"#);
        json::render_into(request, &mut self.text);
        self.text.push_str(r#","response":"#);
        json::render_into(response, &mut self.text);
        self.text.push('}');
    }

    /// The Bundle as compact JSON.
    pub fn finish(mut self) -> String {
        // An empty list is not allowed, so without entries there is none.
        self.text.push_str(if self.has_entries { "]}" } else { "}" });
        self.text
    }

    fn entry(&mut self, before: &str, resource: &str) {
        self.text.push_str(if self.has_entries { ",{" } else { r#","entry":[{"# });
        self.has_entries = true;
        self.text.push_str(before);
        self.text.push_str(resource);
    }
}

fn quoted(text: &str) -> String {
    json::render(&Node::from(text))
}

/// What may stand unencoded in the value of a parameter (RFC 3986, 3.4), without
/// what separates parameters or is written otherwise in forms.
const RESERVED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b':')
    .remove(b'/')
    .remove(b'*')
    .remove(b'$')
    .remove(b',');

/// A URL with these parameters.
pub fn url<'a>(path: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut url = path.to_owned();
    for (place, (name, value)) in pairs.into_iter().enumerate() {
        url.push(if place == 0 { '?' } else { '&' });
        url.extend(utf8_percent_encode(name, &RESERVED));
        url.push('=');
        url.extend(utf8_percent_encode(value, &RESERVED));
    }
    url
}

#[cfg(test)]
mod tests {
    use koppeltaal_fhir::object;

    use super::*;

    #[test]
    fn every_bundle_is_json() {
        let links = Links {
            this: "https://x/Task?a=\"b\"".to_owned(),
            next: Some("https://x/Task?_page=1".to_owned()),
            ..Links::default()
        };
        assert_eq!(
            Bundle::new("searchset", 0, &links).finish(),
            r#"{"resourceType":"Bundle","type":"searchset","total":0,"link":[{"relation":"self","url":"https://x/Task?a=\"b\""},{"relation":"next","url":"https://x/Task?_page=1"}]}"#
        );
        let mut bundle = Bundle::new("searchset", 7, &Links::default());
        bundle.result("https://x/Task/1", r#"{"resourceType":"Task"}"#, "match");
        bundle.outcome(&[]);
        bundle.outcome(&[Issue::warning("value", "é")]);
        let text = bundle.finish();
        let read = json::parse(text.as_bytes()).unwrap();
        assert_eq!(read.items("entry").len(), 2);
        assert_eq!(json::render(&read), text);
        let mut bundle = Bundle::new("history", 2, &Links::default());
        let request = object! { "method" => "DELETE" };
        bundle.version("https://x/Task/1", None, &request, &Node::object());
        bundle.version("https://x/Task/1", Some("{}"), &request, &Node::object());
        let text = bundle.finish();
        assert_eq!(json::render(&json::parse(text.as_bytes()).unwrap()), text);
    }

    #[test]
    fn parameters_of_a_url_are_encoded() {
        let pairs = [("name:exact", "a b&c=d+e|é"), ("_sort", "-_lastUpdated,x")];
        assert_eq!(
            url("https://x/Patient", pairs),
            "https://x/Patient?name:exact=a%20b%26c%3Dd%2Be%7C%C3%A9&_sort=-_lastUpdated,x"
        );
        assert_eq!(url("https://x/Patient", []), "https://x/Patient");
    }
}
