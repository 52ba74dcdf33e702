//! One walk over the resource. At each element all rules that apply to it stand side by side: that
//! of the type, those of profiles, slices and profiles on types. So each element is looked at once,
//! and a problem that several rules see is told once.

mod binding;
mod contained;
mod element_id;
mod extension;
mod invariant;
mod members;
mod reference;
mod resource;
mod slicing;
mod value;

use std::collections::{HashMap, HashSet};

use super::compiled::Compiled;
use super::issue::{Issue, IssueType, Severity};
use super::location::Location;
use super::{MAX_ISSUES, Options};
use crate::node::{Members, Node};

/// An object without members: inside a primitive that has neither id nor extensions.
static NO_MEMBERS: Members = Members::new();

/// The state of one validation.
struct Walk<'a> {
    compiled: &'a Compiled,
    options: &'a Options<'a>,
    /// The resource that the walk is in.
    resource: &'a Node,
    /// The resource that contains it, or itself.
    root: &'a Node,
    /// The object that the walk is in.
    holder: &'a Members,
    /// The URL of the innermost extension that the walk is in.
    extension_url: Option<&'a str>,
    /// Types of the entries of a Bundle by `fullUrl`.
    entries: HashMap<&'a str, &'a str>,
    /// Types of the contained resources of `root` by id.
    contained: HashMap<&'a str, &'a str>,
    /// Ids of the elements of the resource that the walk is in.
    element_ids: HashSet<&'a str>,
    issues: Vec<Issue>,
    /// How many values do not even have the form of their type.
    malformed: usize,
    /// Keys of invariants that cannot be evaluated; each is told once.
    unreadable: Vec<&'a str>,
    /// Is a value only tried against a profile?
    is_trial: bool,
    /// Has the trial found an error?
    has_failed: bool,
}

/// Validates and gives the problems.
pub fn run<'a>(resource: &'a Node, options: &'a Options<'a>) -> Vec<Issue> {
    let mut walk = Walk {
        compiled: options.compiled,
        options,
        resource,
        root: resource,
        holder: &NO_MEMBERS,
        extension_url: None,
        entries: contained::entries(resource),
        contained: contained::contained(resource),
        element_ids: HashSet::new(),
        issues: Vec::new(),
        malformed: 0,
        unreadable: Vec::new(),
        is_trial: false,
        has_failed: false,
    };
    walk.outermost();
    let mut issues = walk.issues;
    remove_duplicates(&mut issues);
    issues
}

/// Two rules can see the same problem in the same words.
fn remove_duplicates(issues: &mut Vec<Issue>) {
    let mut seen = HashSet::with_capacity(issues.len());
    issues.retain(|issue| {
        let key = (issue.expression.clone(), issue.code, issue.details.clone());
        seen.insert(key)
    });
}

impl<'a> Walk<'a> {
    /// Is there no use in going on?
    fn is_done(&self) -> bool {
        self.issues.len() > MAX_ISSUES || (self.is_trial && self.has_failed)
    }

    /// Tells an error.
    fn error(
        &mut self,
        code: IssueType,
        location: &Location<'_>,
        told: impl FnOnce(&Location<'_>) -> Told,
    ) {
        self.tell(Severity::Error, code, location, told);
    }

    /// Tells a problem; the words are only made when somebody listens.
    fn tell(
        &mut self,
        severity: Severity,
        code: IssueType,
        location: &Location<'_>,
        told: impl FnOnce(&Location<'_>) -> Told,
    ) {
        if self.is_trial {
            self.has_failed |= severity == Severity::Error;
            return;
        }
        if self.issues.len() >= MAX_ISSUES {
            if self.issues.len() == MAX_ISSUES {
                self.issues.push(Issue {
                    severity: Severity::Error,
                    code: IssueType::TooCostly,
                    expression: self.root.resource_type().unwrap_or("Resource").to_owned(),
                    details: format!(
                        "There are more than {MAX_ISSUES} problems; the rest was not looked at."
                    ),
                    rule: "limit".to_owned(),
                });
            }
            return;
        }
        let Told { expression, details, rule } = told(location);
        let expression = expression.unwrap_or_else(|| location.to_string());
        self.issues.push(Issue { severity, code, expression, details, rule });
    }

    /// Does what `attempt` does find no error? Nothing is told.
    fn conforms(&mut self, attempt: impl FnOnce(&mut Self)) -> bool {
        let before = (self.is_trial, self.has_failed);
        (self.is_trial, self.has_failed) = (true, false);
        attempt(self);
        let has_failed = self.has_failed;
        (self.is_trial, self.has_failed) = before;
        !has_failed
    }
}

/// What is told about a problem.
struct Told {
    /// Where, when it is not where the walk is.
    expression: Option<String>,
    details: String,
    rule: String,
}

impl Told {
    fn new(details: String, rule: impl Into<String>) -> Told {
        Told { expression: None, details, rule: rule.into() }
    }

    /// About an element below that is missing.
    fn below(location: &Location<'_>, name: &str, details: String, rule: String) -> Told {
        Told { expression: Some(location.below(name)), details, rule }
    }
}
