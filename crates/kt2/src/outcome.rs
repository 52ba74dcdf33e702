//! What went wrong, as an OperationOutcome of R4 (TOP-KT-012a): before
//! authorisation it says as little as possible, after it one issue per problem.

use std::time::Duration;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use koppeltaal_core::Error;
use koppeltaal_fhir::{Node, object};

use crate::reply::Reply;

/// One thing that is wrong, or worth saying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// `error`, `warning` or `information`.
    pub severity: &'static str,
    /// The code of `http://hl7.org/fhir/issue-type`.
    pub code: &'static str,
    /// What the caller is told.
    pub diagnostics: String,
    /// Where in the resource, as simple FHIRPath; `http.name` for a header or parameter.
    pub expression: Option<String>,
}

impl Issue {
    /// An error in words.
    pub fn error(code: &'static str, diagnostics: impl Into<String>) -> Self {
        Self { severity: "error", code, diagnostics: diagnostics.into(), expression: None }
    }

    /// Something that does not stop the request.
    pub fn warning(code: &'static str, diagnostics: impl Into<String>) -> Self {
        Self { severity: "warning", ..Self::error(code, diagnostics) }
    }

    /// Something that is good to know.
    pub fn information(diagnostics: impl Into<String>) -> Self {
        Self { severity: "information", ..Self::error("informational", diagnostics) }
    }

    /// The same with the place it is about.
    #[must_use]
    pub fn at(mut self, expression: impl Into<String>) -> Self {
        self.expression = Some(expression.into());
        self
    }
}

/// The outcome with these issues.
pub fn operation_outcome(issues: &[Issue]) -> Node {
    let issues: Vec<Node> = issues
        .iter()
        .map(|issue| {
            let node = object! {
                "severity" => issue.severity,
                "code" => issue.code,
                "diagnostics" => issue.diagnostics.as_str(),
            };
            match &issue.expression {
                Some(place) => node.with("expression", [Node::from(place)]),
                None => node,
            }
        })
        .collect();
    object! { "resourceType" => "OperationOutcome", "issue" => issues }
}

/// A request that is not served.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// Why; at least one.
    pub issues: Vec<Issue>,
    /// Headers of the answer beside those that every answer has.
    pub headers: Box<HeaderMap>,
}

impl Refusal {
    /// A refusal with one issue.
    pub fn new(status: StatusCode, code: &'static str, diagnostics: impl Into<String>) -> Self {
        Self::of(status, vec![Issue::error(code, diagnostics)])
    }

    /// A refusal with these issues.
    pub fn of(status: StatusCode, issues: Vec<Issue>) -> Self {
        Self { status, issues, headers: Box::default() }
    }

    /// The same with the place that its issues are about.
    #[must_use]
    pub fn at(mut self, expression: &str) -> Self {
        for issue in &mut self.issues {
            issue.expression = Some(expression.to_owned());
        }
        self
    }

    /// The same with a header; one that cannot be written is left out.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        if let Ok(value) = HeaderValue::try_from(value.as_ref()) {
            self.headers.insert(name, value);
        }
        self
    }

    /// A malformed request.
    pub fn bad_request(code: &'static str, diagnostics: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, diagnostics)
    }

    /// No token, or none that is good: why is not told.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "login", "Unauthorized")
            .with(header::WWW_AUTHENTICATE, "Bearer")
    }

    /// A good token without this right: what there is is not told.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Forbidden")
    }

    /// More requests than an instance may send; it can go on after this time.
    pub fn throttled(wait: Duration) -> Self {
        let told = "This application instance sends more requests than this server allows; wait and try again.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "throttled", told)
            .with(header::RETRY_AFTER, wait.as_secs().to_string())
    }

    /// An interaction that this server does not have.
    pub fn not_supported(diagnostics: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "not-supported", diagnostics)
    }

    /// A method that this URL does not have; it has those.
    pub fn method(allowed: &[Method], diagnostics: impl Into<String>) -> Self {
        let allowed: Vec<&str> = allowed.iter().map(Method::as_str).collect();
        Self::not_supported(diagnostics).with(header::ALLOW, allowed.join(", "))
    }

    /// The answer.
    pub fn into_reply(self) -> Reply {
        let outcome = operation_outcome(&self.issues);
        Reply { headers: *self.headers, ..Reply::tree(self.status, outcome) }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(_) => {
                tracing::warn!(%error, "a resource cannot be served now");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "transient",
                    "The server cannot do this now; try again.",
                )
                .with(header::RETRY_AFTER, "5")
            }
            Error::Invalid(told) => Self::bad_request("invalid", told),
            // Of what gets here only searches break a rule: that of what they may cost.
            Error::Unprocessable(told) => Self::bad_request("too-costly", told),
            error => {
                tracing::error!(%error, "a resource could not be served");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "exception",
                    "The server failed; its log says why.",
                )
            }
        }
    }
}
