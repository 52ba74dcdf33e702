//! Which search parameters this server can index by (FHIR R4, SearchParameter).

use crate::r4::definition::{SearchKind, SearchParameter};
use crate::r4::fhirpath::{Expression, ParseError};

/// Why a search parameter cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// Its expression cannot be compiled.
    #[error(transparent)]
    Expression(#[from] ParseError),
    /// It has no expression, or none for this type.
    #[error("The search parameter has no expression.")]
    NoExpression,
    /// Its kind is `special`, whose meaning only words tell.
    #[error("A search parameter of type \"special\" is not supported.")]
    Special,
    /// A composite of other parts than a token with a token or a quantity, or of parts that are
    /// not plain paths.
    #[error("A composite is supported of a token with a token or a quantity, both plain paths.")]
    Composite,
    /// Its number is that of another parameter; another code helps.
    #[error("The code of the search parameter is, for this server, the same as that of another.")]
    Number,
}

/// Can the server index by this parameter? For parameters that are about to be stored.
///
/// # Errors
/// When it cannot; a function of its expression that is not supported is named. Whether the parts
/// of a composite suit is known only among the other parameters: see
/// [`Parameters::unusable`](super::Parameters::unusable).
pub fn check(parameter: &SearchParameter) -> Result<(), Unusable> {
    let expression = parameter.expression.as_deref().ok_or(Unusable::NoExpression)?;
    Expression::parse(expression)?;
    match parameter.kind {
        SearchKind::Special => Err(Unusable::Special),
        SearchKind::Composite if parameter.components.len() != 2 => Err(Unusable::Composite),
        _ => {
            for component in &parameter.components {
                Expression::parse(&component.expression)?;
            }
            Ok(())
        }
    }
}
