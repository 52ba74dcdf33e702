//! Invariants in FHIRPath, each key once per value (FHIR R4, ElementDefinition.constraint).

use super::{Told, Walk};
use crate::r4::definition;
use crate::r4::fhirpath::{Context, EvaluateError, Item};
use crate::r4::validate::compiled::{Invariant, Rule};
use crate::r4::validate::issue::{IssueType, Severity};
use crate::r4::validate::location::Location;

impl<'a> Walk<'a> {
    /// The invariants of these rules on one value.
    pub(super) fn invariants(
        &mut self,
        place: &Location<'_>,
        focus: &Item<'a>,
        rules: &[Rule<'a>],
    ) {
        let mut looked_at: Vec<&str> = Vec::new();
        for rule in rules {
            for invariant in &rule.part().invariants {
                let key = invariant.constraint.key.as_str();
                if self.is_done() {
                    return;
                }
                if !looked_at.contains(&key) {
                    looked_at.push(key);
                    self.invariant(place, focus, *rule, invariant);
                }
            }
        }
    }

    fn invariant(
        &mut self,
        place: &Location<'_>,
        focus: &Item<'a>,
        rule: Rule<'a>,
        invariant: &'a Invariant,
    ) {
        let constraint = &invariant.constraint;
        let key = constraint.key.as_str();
        let expression = match &invariant.expression {
            Ok(expression) => expression,
            Err(reason) => return self.unreadable(place, key, reason),
        };
        let severity = match constraint.severity {
            definition::Severity::Error => Severity::Error,
            definition::Severity::Warning => Severity::Warning,
        };
        let (code, reason) = match expression.is_true(&self.context(focus.clone())) {
            Ok(true) => return,
            Ok(false) => (IssueType::Invariant, None),
            Err(error @ EvaluateError::TooMuch) => (IssueType::TooCostly, Some(error)),
            Err(error @ EvaluateError::NoTime) => {
                return self.unreadable(place, key, &error.to_string());
            }
            Err(error) => (IssueType::Invariant, Some(error)),
        };
        self.tell(severity, code, place, |at| {
            let (human, source) = (constraint.human.trim_end_matches('.'), rule.source());
            let reason = reason.map(|reason| format!(" {reason}")).unwrap_or_default();
            Told::new(format!("{at} breaks rule {key} of {source}: {human}.{reason}"), key)
        });
    }

    /// Tells once that an invariant cannot be evaluated.
    fn unreadable(&mut self, place: &Location<'_>, key: &'a str, reason: &str) {
        if self.is_trial || self.unreadable.contains(&key) {
            return;
        }
        self.unreadable.push(key);
        self.tell(Severity::Information, IssueType::NotSupported, place, |_| {
            Told::new(format!("Rule {key} cannot be checked here: {reason}"), key)
        });
    }

    /// What FHIRPath needs to know around a value.
    pub(super) fn context(&self, focus: Item<'a>) -> Context<'a> {
        Context {
            resource: self.resource,
            root: self.root,
            focus,
            types: self.compiled.definitions(),
            resolver: self.options.resolver,
            terminology: Some(self.compiled),
            now: self.options.now.cloned(),
        }
    }
}
