//! What an interaction answers, before it is known in which format: the layer
//! that negotiates writes it out.

use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use koppeltaal_fhir::Node;
use koppeltaal_store::resource::Stored;

use crate::outcome::{Issue, operation_outcome};
use crate::record::Shown;

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The resource in the body.
    pub content: Content,
    /// Headers beside those that every answer has.
    pub headers: HeaderMap,
    /// What it shows of the store, for the audit trail.
    pub shown: Vec<Shown>,
}

/// A resource in one of the forms in which it is at hand.
#[derive(Debug, Clone)]
pub enum Content {
    /// No body.
    Nothing,
    /// The whole resource as compact JSON, as the store has it.
    Text(String),
    /// A resource that was put together.
    Tree(Node),
}

impl Reply {
    /// An answer without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, content: Content::Nothing, headers: HeaderMap::new(), shown: Vec::new() }
    }

    /// A resource that was put together.
    pub fn tree(status: StatusCode, resource: Node) -> Self {
        Self { content: Content::Tree(resource), ..Self::empty(status) }
    }

    /// A resource as text.
    pub fn text(status: StatusCode, json: String) -> Self {
        Self { content: Content::Text(json), ..Self::empty(status) }
    }

    /// An OperationOutcome.
    pub fn outcome(status: StatusCode, issues: &[Issue]) -> Self {
        Self::tree(status, operation_outcome(issues))
    }

    /// The same with a header; one that cannot be written is left out.
    #[must_use]
    pub fn with(mut self, name: header::HeaderName, value: impl AsRef<str>) -> Self {
        if let Ok(value) = HeaderValue::try_from(value.as_ref()) {
            self.headers.insert(name, value);
        }
        self
    }

    /// The same, which shows these versions.
    #[must_use]
    pub fn showing(mut self, shown: impl IntoIterator<Item = Shown>) -> Self {
        self.shown.extend(shown);
        self
    }

    /// The same with ETag and Last-Modified of a version.
    #[must_use]
    pub fn of_version(self, stored: &Stored) -> Self {
        self.with(header::ETAG, etag(stored.version))
            .with(header::LAST_MODIFIED, stored.updated.to_http_date())
    }
}

/// The entity tag of a version.
pub fn etag(version: i64) -> String {
    format!("W/\"{version}\"")
}
