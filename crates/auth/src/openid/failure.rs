//! Why a login at an identity provider failed, in words for the log and the audit
//! trail: never a token, a secret or a name.

use std::fmt;

/// A failed login, by whose turn it is to act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The provider cannot be reached or answers nonsense; trying again may help.
    Unavailable(String),
    /// The provider or its settings here are wrong; an administrator must act.
    Misconfigured(String),
    /// What the provider answered does not prove who the user is.
    Refused(String),
}

impl Failure {
    pub(super) fn unavailable(text: impl Into<String>) -> Self {
        Self::Unavailable(text.into())
    }

    pub(super) fn misconfigured(text: impl Into<String>) -> Self {
        Self::Misconfigured(text.into())
    }

    pub(super) fn refused(text: impl Into<String>) -> Self {
        Self::Refused(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, text) = match self {
            Self::Unavailable(text) => ("the identity provider is unavailable", text),
            Self::Misconfigured(text) => ("the identity provider is not set up rightly", text),
            Self::Refused(text) => ("the identity provider's answer is refused", text),
        };
        write!(f, "{what}: {text}")
    }
}

impl std::error::Error for Failure {}
