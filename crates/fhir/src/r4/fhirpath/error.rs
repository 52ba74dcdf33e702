//! Why an expression could not be read or evaluated, in sentences for its author. They quote the
//! expression and never the data.

/// Why an expression was refused. Positions are in characters, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Longer than [`MAX_LENGTH`](super::MAX_LENGTH).
    #[error("The FHIRPath expression is too long: at most {} bytes are read.", super::MAX_LENGTH)]
    TooLong,
    /// Nested deeper than [`MAX_NESTING`](super::MAX_NESTING).
    #[error(
        "The FHIRPath expression is nested too deeply: at most {} levels are read.",
        super::MAX_NESTING
    )]
    TooDeep,
    /// Something else was expected.
    #[error("The FHIRPath expression cannot be read at position {position}: expected {expected}.")]
    Expected {
        /// Where.
        position: usize,
        /// What may stand there.
        expected: &'static str,
    },
    /// A function that does not exist or is not supported.
    #[error("The FHIRPath function \"{name}\" (position {position}) is not supported.")]
    UnknownFunction {
        /// Its name.
        name: String,
        /// Where.
        position: usize,
    },
    /// A variable (`%name`) that nobody defines.
    #[error("The FHIRPath variable \"%{name}\" (position {position}) is not known.")]
    UnknownVariable {
        /// Its name without `%`.
        name: String,
        /// Where.
        position: usize,
    },
    /// A function with too few or too many arguments.
    #[error("The FHIRPath function \"{name}\" (position {position}) takes {expected}.")]
    Arguments {
        /// The function.
        name: &'static str,
        /// Where.
        position: usize,
        /// How many it takes.
        expected: String,
    },
    /// A literal that is no value, as the thirteenth month.
    #[error("The literal at position {position} of the FHIRPath expression is not {expected}.")]
    Literal {
        /// Where.
        position: usize,
        /// What it should be.
        expected: &'static str,
    },
    /// More regular expressions than one expression may have.
    #[error("The FHIRPath expression has too many regular expressions.")]
    TooManyPatterns,
    /// A regular expression that cannot be read.
    #[error("The regular expression at position {position} of the FHIRPath expression is wrong.")]
    Pattern {
        /// Where.
        position: usize,
    },
}

/// Why an expression gave no answer for this data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// More work than an evaluation may be.
    #[error("The FHIRPath expression needs too much work on this resource.")]
    TooMuch,
    /// Several items where one is needed.
    #[error("The FHIRPath expression finds several values where {what} needs one.")]
    NotSingle {
        /// The operator or function.
        what: &'static str,
    },
    /// An item of a type that the operation is not defined for.
    #[error("The FHIRPath expression gives {what} a value of a type that it is not defined for.")]
    WrongType {
        /// The operator or function.
        what: &'static str,
    },
    /// A regular expression, computed or too large, that cannot be used.
    #[error("The FHIRPath expression uses a regular expression that is wrong or too large.")]
    Pattern,
    /// `now()`, `today()` or `timeOfDay()` in a context without the time.
    #[error("The FHIRPath expression asks for the time, which is not known here.")]
    NoTime,
}
