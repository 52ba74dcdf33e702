//! Why a token or a key is refused: for the log, never for the caller, who must not
//! learn which check failed.

use std::borrow::Cow;
use std::fmt;

/// The reason in plain words. It never holds the token or anything out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(Cow<'static, str>);

impl Refused {
    /// A reason that is a sentence about the token or key: "has expired".
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}
