//! Parameters that narrow: the one place that goes from a name and a value to a
//! condition, through chains too, with bounds on what a query may cost.

use koppeltaal_core::search::{Condition, Test};
use koppeltaal_fhir::r4::definition::SearchKind;
use koppeltaal_fhir::r4::search::Parameter;

use super::asked::{Asked, alternatives};
use super::name::Name;
use super::{Context, composite, date, number, quantity, reference, special, string, token, uri};
use crate::outcome::Issue;

/// References that a chain may go along.
const MOST_LEVELS: usize = 4;
/// Types that all chains of a query may lead through.
const MOST_BRANCHES: usize = 500;
/// Tests of one parameter, each value once; the store takes no more.
const MOST_ALTERNATIVES: usize = 256;
/// Tests of a query.
const MOST_TESTS: usize = 2_000;

/// Reads the parameters of one query.
pub struct Reader<'a> {
    /// What they are read with.
    pub context: &'a Context<'a>,
    branches: usize,
    tests: usize,
}

impl<'a> Reader<'a> {
    /// Begins a query.
    pub fn new(context: &'a Context<'a>) -> Self {
        Self { context, branches: 0, tests: 0 }
    }

    /// What a parameter asks of resources of a type; `None` when the type has no
    /// such parameter.
    pub fn read(
        &mut self,
        resource_type: &str,
        name: &str,
        value: &str,
    ) -> Result<Option<Condition>, Issue> {
        self.read_at(0, resource_type, name, value)
    }

    /// The same at a level of a chain.
    pub(super) fn read_at(
        &mut self,
        level: usize,
        resource_type: &str,
        name: &str,
        value: &str,
    ) -> Result<Option<Condition>, Issue> {
        if level > MOST_LEVELS {
            let told = format!("A chain goes along at most {MOST_LEVELS} references.");
            return Err(Issue::error("too-costly", told));
        }
        let Some(name) = Name::parse(name) else {
            let told = "`_has` is written `_has:[type]:[reference]:[parameter]`.";
            return Err(Issue::error("invalid", told));
        };
        match name {
            Name::Plain { code, modifier } => self.leaf(resource_type, code, modifier, value),
            Name::Chain { code, resource_type: only, rest } => {
                self.chain(level, resource_type, (code, only), rest, value)
            }
            Name::Has { resource_type: source, code, rest } => {
                self.has(level, resource_type, (source, code), rest, value)
            }
        }
    }

    /// The search parameter of a type with this code.
    pub(super) fn parameter(&self, resource_type: &str, code: &str) -> Option<&'a Parameter> {
        parameter(self.context, resource_type, code)
    }

    /// Counts one more type that a chain leads to.
    pub(super) fn branch(&mut self) -> Result<(), Issue> {
        self.branches += 1;
        if self.branches > MOST_BRANCHES {
            let told = "The chains lead to too many types: name the type, `reference:Type.name`.";
            return Err(Issue::error("too-costly", told));
        }
        Ok(())
    }

    fn leaf(
        &mut self,
        resource_type: &str,
        code: &str,
        modifier: Option<&str>,
        value: &str,
    ) -> Result<Option<Condition>, Issue> {
        if let Some(read) = special::read(code, modifier, value, self.context) {
            return read.map(Some);
        }
        let Some(parameter) = self.parameter(resource_type, code) else { return Ok(None) };
        let values = alternatives(code, value)?;
        let context = self.context;
        let asked = Asked { context, parameter, modifier, values: &values };
        let condition = match (modifier, asked.kind()) {
            (Some("missing"), _) => asked.missing(),
            (_, SearchKind::Number) => number::read(&asked),
            (_, SearchKind::Date) => date::read(&asked),
            (_, SearchKind::String) => string::read(&asked),
            (_, SearchKind::Token) => token::read(&asked),
            (_, SearchKind::Reference) => reference::read(&asked),
            (_, SearchKind::Composite) => composite::read(&asked),
            (_, SearchKind::Quantity) => quantity::read(&asked),
            (_, SearchKind::Uri) => uri::read(&asked),
            (_, SearchKind::Special) => return Ok(None),
        }?;
        let alternatives = tests(&condition);
        self.tests += alternatives;
        if alternatives > MOST_ALTERNATIVES || self.tests > MOST_TESTS {
            let told = format!(
                "The values of `{code}` stand for too many alternatives: give fewer, or say more \
                 of each (an id with its type)."
            );
            return Err(Issue::error("too-costly", told));
        }
        Ok(Some(of_all_rows(parameter, condition)))
    }
}

/// The condition with the tests of a parameter on all rows that are its values: some
/// stand under the numbers of others. Tests of the same are side by side.
fn of_all_rows(parameter: &Parameter, condition: Condition) -> Condition {
    let (own, covered) = (parameter.number(), parameter.covered());
    match condition {
        Condition::AnyOf(tests) if !covered.is_empty() => {
            let on_all = |test: Test| {
                let others = if test.parameter == own { covered } else { &[] };
                let others = others.iter().map(|other| Test { parameter: *other, ..test.clone() });
                let others: Vec<Test> = others.collect();
                [test].into_iter().chain(others)
            };
            Condition::AnyOf(tests.into_iter().flat_map(on_all).collect())
        }
        Condition::Not(inner) => Condition::Not(Box::new(of_all_rows(parameter, *inner))),
        other => other,
    }
}

/// The search parameter of a type with this code, unless nothing is indexed for it.
pub fn parameter<'a>(
    context: &Context<'a>,
    resource_type: &str,
    code: &str,
) -> Option<&'a Parameter> {
    let parameters = match context.with_unready {
        true => context.catalog.indexed_by(),
        false => &context.catalog.parameters,
    };
    parameters.find(resource_type, code).filter(|found| found.has_rows())
}

fn tests(condition: &Condition) -> usize {
    match condition {
        Condition::AnyOf(tests) => tests.len(),
        Condition::Not(inner) => tests(inner),
        _ => 1,
    }
}
