//! Invariants, parsed once. Those of the base types that every element has are checked natively,
//! because an expression for each string would cost more than all the rest.

use std::sync::Arc;

use crate::r4::definition::Constraint;
use crate::r4::fhirpath::Expression;

/// One invariant, ready.
#[derive(Debug)]
pub struct Invariant {
    /// The rule.
    pub constraint: Arc<Constraint>,
    /// Its expression, or why it cannot be evaluated here.
    pub expression: Result<Expression, String>,
}

/// Keys of the standard that the code beside checks itself: an element is not empty (`ele-1`), an
/// extension has a value or extensions (`ext-1`), contained resources (`dom-2` to `dom-5`, `ref-1`)
/// and narratives (`txt-1`, `txt-2`).
const NATIVE: [&str; 9] =
    ["ele-1", "ext-1", "dom-2", "dom-3", "dom-4", "dom-5", "ref-1", "txt-1", "txt-2"];

impl Invariant {
    /// The invariant; `None` for advice, for rules in words only, and for native ones.
    pub fn new(constraint: &Arc<Constraint>) -> Option<Invariant> {
        if constraint.is_best_practice || NATIVE.contains(&constraint.key.as_str()) {
            return None;
        }
        let expression = Expression::parse(constraint.expression.as_deref()?);
        Some(Invariant {
            constraint: Arc::clone(constraint),
            expression: expression.map_err(|error| error.to_string()),
        })
    }
}
