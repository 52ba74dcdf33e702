//! One parameter with its values, and what the kinds of parameters have in common.

use std::fmt::Display;

use koppeltaal_core::search::{Condition, Qualifier, Test, Values};
use koppeltaal_fhir::r4::definition::SearchKind;
use koppeltaal_fhir::r4::search::{Numbers, Parameter};

use super::Context;
use super::value::{shown, split};
use crate::outcome::Issue;

/// Alternatives of one parameter.
const MOST_VALUES: usize = 100;
/// Characters of one value.
const MOST_CHARACTERS: usize = 2_000;

/// A parameter of a type with what is asked of it.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// What the query is read with.
    pub context: &'a Context<'a>,
    /// The parameter of the type that is searched.
    pub parameter: &'a Parameter,
    /// What follows the colon.
    pub modifier: Option<&'a str>,
    /// The alternatives, escapes in place; at least one, none empty.
    pub values: &'a [&'a str],
}

impl Asked<'_> {
    /// The name of the parameter.
    pub fn code(&self) -> &str {
        &self.parameter.definition().code
    }

    /// The kind of the parameter.
    pub fn kind(&self) -> SearchKind {
        self.parameter.definition().kind
    }

    /// The numbers of its rows. Those of parameters that it covers are added when the
    /// condition is made.
    pub fn numbers(&self) -> Numbers {
        self.parameter.numbers()
    }

    /// That a row passes one of the tests that each alternative gives.
    pub fn any_of(
        &self,
        tests: impl Fn(&str) -> Result<Vec<Test>, Issue>,
    ) -> Result<Condition, Issue> {
        let mut all = Vec::new();
        for value in self.values {
            all.extend(tests(value)?);
        }
        Ok(Condition::AnyOf(all))
    }

    /// `:missing`: whether the element is there in any form.
    pub fn missing(&self) -> Result<Condition, Issue> {
        let numbers = self.numbers();
        let rows = match self.kind() {
            SearchKind::Token => vec![numbers.own, numbers.text],
            SearchKind::Reference => vec![numbers.own, numbers.identifier],
            _ => vec![numbers.own],
        };
        let any = |parameter| Test { parameter, value: Values::Any, qualifier: Qualifier::Any };
        let is_there = Condition::AnyOf(rows.into_iter().map(any).collect());
        match self.values {
            ["true"] => Ok(Condition::Not(Box::new(is_there))),
            ["false"] => Ok(is_there),
            _ => Err(self.bad(self.values[0], "`true` or `false`")),
        }
    }

    /// A value that is not of the form which the parameter takes.
    pub fn bad(&self, value: &str, form: impl Display) -> Issue {
        bad_value(self.code(), value, form)
    }

    /// A modifier that the kind of the parameter does not have.
    pub fn misfit(&self) -> Issue {
        let (code, kind) = (self.code(), self.kind().code());
        let modifier = shown(self.modifier.unwrap_or_default());
        let told = format!("Modifier `:{modifier}` does not go with `{code}`, a {kind} parameter.");
        Issue::error("not-supported", told)
    }
}

/// A value that is not of the form which a parameter takes.
pub fn bad_value(code: &str, value: &str, form: impl Display) -> Issue {
    Issue::error("value", format!("`{}` is no value for `{code}`: give {form}.", shown(value)))
}

/// The alternatives of a value, without empty ones; at least one.
pub fn alternatives<'a>(code: &str, value: &'a str) -> Result<Vec<&'a str>, Issue> {
    let values: Vec<&str> = split(value, ',').into_iter().filter(|one| !one.is_empty()).collect();
    if values.is_empty() {
        return Err(bad_value(code, value, "at least one value"));
    }
    if values.len() > MOST_VALUES {
        let told = format!("`{code}` has more than {MOST_VALUES} values.");
        return Err(Issue::error("too-costly", told));
    }
    if values.iter().any(|one| one.chars().nth(MOST_CHARACTERS).is_some()) {
        let told = format!("A value of `{code}` has more than {MOST_CHARACTERS} characters.");
        return Err(Issue::error("too-costly", told));
    }
    // No resource can hold it, and stores refuse it.
    if value.contains('\0') {
        return Err(bad_value(code, &value.replace('\0', "␀"), "text without a zero character"));
    }
    Ok(values)
}
