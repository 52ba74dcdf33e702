//! Referential integrity: what a resource refers to exists and is not deleted
//! (K003-6). Whether the caller may see it does not matter: ids cannot be guessed,
//! and applications refer to what others have told them of.

use std::fmt;

use http::StatusCode;
use koppeltaal_core::Result;
use koppeltaal_store::DomainTx;

use crate::content::Reference;
use crate::kept;
use crate::outcome::{Issue, Refusal};

/// References that lead nowhere, each with its place.
#[derive(Debug)]
pub struct Dangling(Vec<Issue>);

impl From<Dangling> for Refusal {
    fn from(dangling: Dangling) -> Self {
        Self::of(StatusCode::UNPROCESSABLE_ENTITY, dangling.0)
    }
}

impl fmt::Display for Dangling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} references lead nowhere", self.0.len())
    }
}

/// The references that lead nowhere. Those that lead somewhere stay so until the
/// transaction ends.
///
/// An AuditEvent tells of the past: what its entities were may be deleted
/// (K003-8), and need not be kept here at all when it is no resource of its own.
pub fn dangling(tx: &mut DomainTx<'_>, references: &[Reference]) -> Result<Option<Dangling>> {
    let (past, present) = told_apart(references);
    let mut lost = at(&present, &kept::missing(tx, &names(&present))?);
    lost.extend(at(&past, &kept::unknown(tx, &names(&past))?));
    let issues: Vec<Issue> = lost.into_iter().map(issue).collect();
    Ok((!issues.is_empty()).then_some(Dangling(issues)))
}

/// What [`dangling`] says, in a transaction that only reads: nothing is held, and
/// it may be otherwise in a moment.
pub fn dangling_now(tx: &mut DomainTx<'_>, references: &[Reference]) -> Result<Vec<Issue>> {
    let (past, present) = told_apart(references);
    let mut lost = at(&present, &kept::absent(tx, &names(&present))?);
    lost.extend(at(&past, &kept::unknown(tx, &names(&past))?));
    Ok(lost.into_iter().map(issue).collect())
}

/// The references that tell of the past, and those to what has to be there.
fn told_apart(references: &[Reference]) -> (Vec<&Reference>, Vec<&Reference>) {
    let (past, present): (Vec<&Reference>, Vec<&Reference>) =
        references.iter().partition(|reference| reference.is_past);
    (past.into_iter().filter(|one| !is_transient(one)).collect(), present)
}

fn issue(lost: &Reference) -> Issue {
    let told = format!(
        "Resource {}/{} not found: there is none with this id, or it was deleted.",
        lost.resource_type, lost.id
    );
    Issue::error("not-found", told).at(lost.expression.clone())
}

fn names<'a>(references: &[&'a Reference]) -> Vec<(&'a str, &'a str)> {
    references.iter().map(|one| (one.resource_type.as_str(), one.id.as_str())).collect()
}

fn at<'a>(references: &[&'a Reference], places: &[usize]) -> Vec<&'a Reference> {
    places.iter().filter_map(|place| references.get(*place).copied()).collect()
}

/// What a request is answered with, and nobody keeps.
fn is_transient(reference: &Reference) -> bool {
    matches!(
        reference.resource_type.as_str(),
        "Bundle" | "CapabilityStatement" | "OperationOutcome"
    )
}
