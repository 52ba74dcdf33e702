//! An operation of the API: where it is, who may ask for it, what goes in and
//! what comes out. Requests and the OpenAPI document follow from the same value.

use std::pin::Pin;

use http::Method;

use super::answer::{Answer, Refusal};
use super::asked::Asked;
use super::schema::Schema;

/// What an operation does when it is asked for.
pub(super) type Run = fn(Asked) -> Pin<Box<dyn Future<Output = Result<Answer, Refusal>> + Send>>;

/// Who may ask for an operation. What they get by it is a matter of their rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Anybody.
    Anyone,
    /// Every administrator.
    Administrator,
    /// Administrators of domains and of the server.
    Domain,
    /// Administrators of the server.
    System,
}

/// An operation.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// GET, POST, PUT, PATCH or DELETE.
    pub method: &'static Method,
    /// The path below the prefix, `{…}` standing for what varies.
    pub path: &'static str,
    /// Its name in the OpenAPI document.
    pub name: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Who may ask for it.
    pub who: Who,
    /// Parameters of the query.
    pub query: &'static [(&'static str, Schema)],
    /// The JSON of the request.
    pub body: Option<Schema>,
    /// The JSON of the answer; absent: 204.
    pub answer: Option<Schema>,
    pub(super) run: Run,
}

/// An operation, with what most have; the rest is said with the functions below.
pub(super) const fn route(
    method: &'static Method,
    path: &'static str,
    name: &'static str,
    summary: &'static str,
    run: Run,
) -> Route {
    Route {
        method,
        path,
        name,
        summary,
        who: Who::Administrator,
        query: &[],
        body: None,
        answer: None,
        run,
    }
}

impl Route {
    pub(super) const fn by(mut self, who: Who) -> Self {
        self.who = who;
        self
    }

    pub(super) const fn query(mut self, query: &'static [(&'static str, Schema)]) -> Self {
        self.query = query;
        self
    }

    pub(super) const fn body(mut self, body: Schema) -> Self {
        self.body = Some(body);
        self
    }

    pub(super) const fn answers(mut self, answer: Schema) -> Self {
        self.answer = Some(answer);
        self
    }

    /// The names of what varies in the path.
    pub fn parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path
            .split('/')
            .filter_map(|part| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')))
    }

    /// What varies in the path, when these segments are of this route.
    pub(super) fn matches(&self, segments: &[String]) -> Option<Vec<(&'static str, String)>> {
        let parts: Vec<&'static str> = self.path.split('/').skip(1).collect();
        if parts.len() != segments.len() {
            return None;
        }
        let mut found = Vec::new();
        for (part, segment) in parts.into_iter().zip(segments) {
            match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                Some(name) if !segment.is_empty() => found.push((name, segment.clone())),
                None if part == segment => {}
                _ => return None,
            }
        }
        Some(found)
    }
}
