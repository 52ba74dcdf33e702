//! A parsed expression, ready to be evaluated often.

use std::fmt;

use super::ast::Expr;
use super::collection::Collection;
use super::context::Context;
use super::error::{EvaluateError, ParseError};
use super::evaluate::Evaluator;
use super::parser;

/// Longest expression that is read, in bytes. The longest of the standard has about 5,000.
pub const MAX_LENGTH: usize = 20_000;

/// Deepest nesting of brackets, arguments and levels of operators.
pub const MAX_NESTING: usize = 60;

/// An expression, parsed once and evaluated often. `Display` shows it as it was written.
#[derive(Clone, Debug)]
pub struct Expression {
    text: Box<str>,
    expr: Expr,
    functions: Vec<&'static str>,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// When it is none, is too long or too deep, or uses a function or variable that is not
    /// supported; the error names it.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let (expr, functions) = parser::parse(text)?;
        Ok(Expression { text: text.into(), expr, functions })
    }

    /// What the expression finds.
    ///
    /// # Errors
    /// When it needs too much work, or is not defined for what it meets in the data.
    pub fn evaluate<'a>(&'a self, context: &Context<'a>) -> Result<Collection<'a>, EvaluateError> {
        Evaluator::new(context).root(&self.expr)
    }

    /// Does the invariant hold? Nothing at all counts as no, a single value that is no boolean as
    /// yes (FHIRPath, "Singleton Evaluation of Collections").
    ///
    /// # Errors
    /// As [`Expression::evaluate`]; also when there are several values.
    pub fn is_true(&self, context: &Context<'_>) -> Result<bool, EvaluateError> {
        Evaluator::new(context).holds(&self.expr)
    }

    /// Names of the functions it uses, sorted.
    pub fn functions(&self) -> &[&'static str] {
        &self.functions
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Expression {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Expression::parse(text)
    }
}
