//! Chains: parameters of what a resource refers to, and of what refers to it
//! (FHIR R4, Search, 3.1.1.4.4 and 3.1.1.4.14). Each type that a chain leads to
//! has its own conditions, which access narrows apart from all others.

use koppeltaal_core::search::{Condition, Target};
use koppeltaal_fhir::r4::definition::SearchKind;
use koppeltaal_fhir::r4::search::Parameter;

use super::reader::Reader;
use super::value::shown;
use crate::kind;
use crate::outcome::Issue;

impl Reader<'_> {
    /// `code.rest` or `code:Type.rest`.
    pub(super) fn chain(
        &mut self,
        level: usize,
        resource_type: &str,
        (code, only): (&str, Option<&str>),
        rest: &str,
        value: &str,
    ) -> Result<Option<Condition>, Issue> {
        let Some(parameter) = self.parameter(resource_type, code) else { return Ok(None) };
        must_refer(resource_type, parameter)?;
        let reached: Vec<&'static str> =
            targets(parameter).filter(|target| only.is_none_or(|only| only == *target)).collect();
        if let (Some(only), []) = (only, reached.as_slice()) {
            let told = format!("`{code}` of {resource_type} leads to no `{}`.", shown(only));
            return Err(Issue::error("invalid", told));
        }
        let mut targets = Vec::new();
        let mut error = None;
        for target in reached {
            self.branch()?;
            match self.read_at(level + 1, target, rest, value) {
                Ok(Some(condition)) => targets
                    .push(Target { resource_type: target.to_owned(), conditions: vec![condition] }),
                Ok(None) => {}
                Err(issue) if issue.code == "too-costly" => return Err(issue),
                Err(issue) => error = Some(issue),
            }
        }
        // The value may suit the parameter of one type and not that of another.
        match (targets.is_empty(), error) {
            (false, _) => Ok(Some(Condition::RefersTo { parameter: parameter.number(), targets })),
            (true, Some(issue)) => Err(issue),
            (true, None) => {
                let rest = shown(rest);
                let told = format!("Nothing that `{code}` leads to has a parameter `{rest}`.");
                Err(Issue::error("invalid", told))
            }
        }
    }

    /// `_has:source:code:rest`.
    pub(super) fn has(
        &mut self,
        level: usize,
        resource_type: &str,
        (source, code): (&str, &str),
        rest: &str,
        value: &str,
    ) -> Result<Option<Condition>, Issue> {
        let invalid = |told: String| Err(Issue::error("invalid", told));
        let Some(source) = kind::named(source) else {
            return invalid(format!("`_has` names the type `{}`: there is none.", shown(source)));
        };
        let Some(parameter) = self.parameter(source, code) else {
            return invalid(format!("{source} has no search parameter `{}`.", shown(code)));
        };
        must_refer(source, parameter)?;
        if !targets(parameter).any(|target| target == resource_type) {
            return invalid(format!("`{code}` of {source} never refers to a {resource_type}."));
        }
        self.branch()?;
        let Some(condition) = self.read_at(level + 1, source, rest, value)? else {
            return invalid(format!("{source} has no search parameter `{}`.", shown(rest)));
        };
        Ok(Some(Condition::ReferredBy {
            source: Target { resource_type: source.to_owned(), conditions: vec![condition] },
            parameter: parameter.number(),
        }))
    }
}

/// The types that are served and that a reference may lead to.
pub fn targets(parameter: &Parameter) -> impl Iterator<Item = &'static str> {
    let known = &parameter.definition().targets;
    let may = |target: &&'static str| {
        known.is_empty() || known.iter().any(|known| known == target || known == "Resource")
    };
    kind::served().filter(may)
}

fn must_refer(resource_type: &str, parameter: &Parameter) -> Result<(), Issue> {
    let definition = parameter.definition();
    if definition.kind == SearchKind::Reference {
        return Ok(());
    }
    let (code, kind) = (&definition.code, definition.kind.code());
    let told = format!("`{code}` of {resource_type} is a {kind} parameter, not a reference.");
    Err(Issue::error("invalid", told))
}
