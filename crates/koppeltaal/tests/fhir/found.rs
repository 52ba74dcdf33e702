//! What a search has found, and the way through its pages.

use serde_json::Value;

use crate::client::{Client, link, path};

/// A search URL with these parameters, encoded.
pub fn query(kind: &str, pairs: &[(&str, &str)]) -> String {
    let pairs = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{kind}?{pairs}")
}

/// `Type/id` of the entries of a Bundle with this search mode, in order.
pub fn of_mode(bundle: &Value, mode: &str) -> Vec<String> {
    let entries = bundle["entry"].as_array().map_or(&[][..], Vec::as_slice);
    let fits = entries.iter().filter(|entry| entry["search"]["mode"] == mode);
    fits.map(|entry| path(&entry["resource"])).collect()
}

/// `Type/id` of the matches, in order.
pub fn matched(bundle: &Value) -> Vec<String> {
    of_mode(bundle, "match")
}

/// `Type/id` of what came with the matches, sorted.
pub fn included(bundle: &Value) -> Vec<String> {
    let mut all = of_mode(bundle, "include");
    all.sort_unstable();
    all
}

/// How many matches there are on all pages.
#[track_caller]
pub fn total(bundle: &Value) -> usize {
    let total = bundle["total"].as_u64();
    usize::try_from(total.unwrap_or_else(|| panic!("no total: {bundle}"))).unwrap()
}

/// What the warnings of a search are about, in order.
pub fn warned(bundle: &Value) -> Vec<String> {
    let entries = bundle["entry"].as_array().map_or(&[][..], Vec::as_slice);
    let outcomes = entries.iter().filter(|entry| entry["search"]["mode"] == "outcome");
    let issues = outcomes.flat_map(|entry| entry["resource"]["issue"].as_array().unwrap());
    let places = issues.map(|issue| issue["expression"][0].as_str().unwrap_or_default());
    places.map(str::to_owned).collect()
}

/// Texts in the order of their bytes.
pub fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort_unstable();
    all
}

impl Client {
    /// The matches of a search, sorted; they are all on one page, and as many as it
    /// says.
    pub async fn finds(&self, query: &str) -> Vec<String> {
        let bundle = self.search(query).await;
        let all = sorted(matched(&bundle));
        assert_eq!(total(&bundle), all.len(), "{query}");
        assert_eq!(link(&bundle, "next"), None, "{query}");
        all
    }

    /// Each of these searches, by name and value, finds these ids (in any order, blanks
    /// between), and every parameter is known.
    pub async fn check(&self, kind: &str, cases: &[(&str, &str, &str)]) {
        let mut failures = Vec::new();
        for (name, value, expected) in cases {
            let url = query(kind, &[(name, value)]);
            let reply = self.get_with(&url, &[("prefer", "handling=strict")]).await;
            let found = match reply.status {
                200 => sorted(matched(&reply.json())),
                status => vec![format!("{status} {}", reply.text())],
            };
            let ids = expected.split_whitespace().map(|id| format!("{kind}/{id}"));
            let expected = sorted(ids.collect::<Vec<_>>());
            if found != expected {
                failures.push(format!("{kind}?{name}={value}: {found:?}, not {expected:?}"));
            }
        }
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }

    /// The pages of a search or history, from this URL to the end.
    pub async fn pages(&self, url: &str) -> Vec<Value> {
        let mut pages = vec![self.search(url).await];
        while let Some(next) = pages.last().and_then(|page| link(page, "next")) {
            pages.push(self.search(&next).await);
            assert!(pages.len() < 2_000, "{url} has no end");
        }
        pages
    }

    /// The matches of all pages, in order.
    pub async fn walk(&self, url: &str) -> Vec<String> {
        self.pages(url).await.iter().flat_map(matched).collect()
    }
}
