//! The one error type that crosses layers. Each face maps a kind to its own
//! status and body; the message is written for the caller, `Internal` and
//! `Unavailable` details are logged and never sent.

/// A result with the project's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in the few kinds that a caller can act on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The thing named does not exist (or the caller may not know that it does).
    #[error("{0}")]
    NotFound(String),
    /// It existed, and its content has been removed.
    #[error("{0}")]
    Gone(String),
    /// The request or file is malformed.
    #[error("{0}")]
    Invalid(String),
    /// The request is well-formed but breaks a rule of content.
    #[error("{0}")]
    Unprocessable(String),
    /// Credentials are missing, wrong or expired.
    #[error("{0}")]
    Unauthorized(String),
    /// The caller is known and may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// The state of the store contradicts the request.
    #[error("{0}")]
    Conflict(String),
    /// A precondition the caller named does not hold.
    #[error("{0}")]
    PreconditionFailed(String),
    /// The caller sends too much in too short a time.
    #[error("{0}")]
    TooMany(String),
    /// The server cannot do this now; trying again later can succeed.
    #[error("{0}")]
    Unavailable(String),
    /// A defect or a broken store. The text is for the log only.
    #[error("{0}")]
    Internal(String),
    /// A concurrent change made this attempt void: the engine runs the closure
    /// again. Never leaves the store.
    #[error("{0}")]
    Retry(String),
}

impl Error {
    /// An `Internal` error from anything that can be displayed.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Internal(cause.to_string())
    }

    /// The exit code of the command line for this error (`contract.md`).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Invalid(_) | Self::Unprocessable(_) => 2,
            Self::NotFound(_) | Self::Gone(_) => 3,
            Self::Unauthorized(_)
            | Self::Forbidden(_)
            | Self::Conflict(_)
            | Self::PreconditionFailed(_) => 4,
            Self::TooMany(_) | Self::Unavailable(_) => 5,
            Self::Internal(_) | Self::Retry(_) => 1,
        }
    }
}
