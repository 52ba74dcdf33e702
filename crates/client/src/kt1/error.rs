//! What can go wrong between a connector and its server.

use std::fmt;

use koppeltaal_fhir::dstu1::OperationOutcome;

/// A result with the connector's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The connector cannot be set up like this.
    #[error("{0}")]
    Setup(String),
    /// The server was not reached, or the connection broke.
    #[error("the server could not be reached: {}", causes(.0))]
    Transport(#[from] reqwest::Error),
    /// The server refused the request and says why.
    #[error("the server answered {status}: {}", details(.outcome))]
    Refused {
        /// The status of HTTP.
        status: u16,
        /// The issues it named.
        outcome: OperationOutcome,
    },
    /// The answer is not what the standard has at this place.
    #[error("the server answered {status}: {reason}")]
    Unexpected {
        /// The status of HTTP.
        status: u16,
        /// What is wrong with the answer.
        reason: String,
    },
}

impl Error {
    /// The status of HTTP, when there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Error::Refused { status, .. } | Error::Unexpected { status, .. } => Some(*status),
            Error::Setup(_) | Error::Transport(_) => None,
        }
    }

    /// Whether a resource has another version by now: fetch it and apply the change again.
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(409)
    }

    /// Whether the same request can succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Error::Transport(_) => true,
            _ => matches!(self.status(), Some(429 | 502 | 503 | 504)),
        }
    }

    pub(super) fn unexpected(status: u16, reason: impl Into<String>) -> Error {
        Error::Unexpected { status, reason: reason.into() }
    }
}

/// The message of an error with those of its causes; the outermost alone says little.
fn causes(error: &reqwest::Error) -> impl fmt::Display {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

fn details(outcome: &OperationOutcome) -> impl fmt::Display {
    let issues = outcome.issues.iter().map(|issue| match &issue.resource {
        Some(resource) => format!("{} ({resource})", issue.details),
        None => issue.details.clone(),
    });
    issues.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use koppeltaal_fhir::dstu1::Issue;

    #[test]
    fn a_refusal_names_every_issue_and_its_resource() {
        let outcome = OperationOutcome {
            issues: vec![
                Issue::error("The specified resource version is not correct")
                    .with_resource("https://a/Patient/1"),
                Issue::error("and this"),
            ],
        };
        let error = Error::Refused { status: 409, outcome };
        assert_eq!(
            error.to_string(),
            "the server answered 409: The specified resource version is not correct (https://a/Patient/1); and this"
        );
        assert!(error.is_conflict() && !error.is_transient());
    }
}
