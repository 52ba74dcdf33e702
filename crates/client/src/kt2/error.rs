//! What can go wrong between an application and the authorization service (RFC 6749 §5.2).

use std::fmt;

/// A result with the error of this module.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The key, the address or another setting is no good.
    #[error("{0}")]
    Setup(String),
    /// The server was not reached, or the connection broke.
    #[error("the server could not be reached: {}", causes(.0))]
    Transport(#[from] reqwest::Error),
    /// The authorization service refused the request.
    #[error("the server answered {status}: {error}{}", detail(.error_description.as_deref()))]
    Refused {
        /// The status of HTTP.
        status: u16,
        /// The code of OAuth: `invalid_client`, `invalid_grant`, …
        error: String,
        /// What it adds for people.
        error_description: Option<String>,
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

    /// The code of OAuth, when the server named one.
    pub fn oauth(&self) -> Option<&str> {
        match self {
            Error::Refused { error, .. } => Some(error),
            _ => None,
        }
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

fn detail(description: Option<&str>) -> impl fmt::Display {
    description.map(|text| format!(" ({text})")).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_the_server_said() {
        let mut error = Error::Refused {
            status: 401,
            error: "invalid_client".to_owned(),
            error_description: None,
        };
        assert_eq!(error.to_string(), "the server answered 401: invalid_client");
        assert_eq!((error.status(), error.oauth()), (Some(401), Some("invalid_client")));
        if let Error::Refused { error_description, .. } = &mut error {
            *error_description = Some("no".to_owned());
        }
        assert_eq!(error.to_string(), "the server answered 401: invalid_client (no)");
        assert!(!error.is_transient());
    }
}
