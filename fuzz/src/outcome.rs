//! The part of the FHIR face's outcomes that queries are refused with.

use http::StatusCode;

/// One thing that is wrong, or worth saying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// `error` or `warning`.
    pub severity: &'static str,
    /// The code.
    pub code: &'static str,
    /// What the caller is told.
    pub diagnostics: String,
    /// The parameter.
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

    /// The same with the place it is about.
    #[must_use]
    pub fn at(mut self, expression: impl Into<String>) -> Self {
        self.expression = Some(expression.into());
        self
    }
}

/// A request that is not served.
#[derive(Debug)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// Why.
    pub issues: Vec<Issue>,
}

impl Refusal {
    /// A refusal with one issue.
    pub fn new(status: StatusCode, code: &'static str, diagnostics: impl Into<String>) -> Self {
        Self::of(status, vec![Issue::error(code, diagnostics)])
    }

    /// A refusal with these issues.
    pub fn of(status: StatusCode, issues: Vec<Issue>) -> Self {
        Self { status, issues }
    }

    /// A malformed request.
    pub fn bad_request(code: &'static str, diagnostics: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, diagnostics)
    }
}
