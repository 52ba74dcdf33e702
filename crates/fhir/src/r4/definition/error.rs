//! Why a definition could not be used, for the operator who loads a package.

/// Why a definition was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DefinitionError {
    /// A resource lacks something without which it defines nothing.
    #[error("{resource} has no usable {element}.")]
    Missing {
        /// The resource, by URL or type.
        resource: String,
        /// The element that is absent or has a value that R4 does not know.
        element: &'static str,
    },
    /// A compact table holds a line that cannot be read.
    #[error("Line {line} of the table cannot be read: {reason}.")]
    Line {
        /// Line, counted from 1.
        line: usize,
        /// What is wrong there, without a final period.
        reason: String,
    },
}

impl DefinitionError {
    pub(super) fn missing(resource: &str, element: &'static str) -> Self {
        DefinitionError::Missing { resource: resource.to_owned(), element }
    }
}
