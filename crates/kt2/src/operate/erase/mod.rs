//! The hard erase of a patient (TOP-KT-028, K028-1 and K028-12): the Patient, what
//! of its compartment is kept here, and the Tasks about it, in all versions and
//! without a trace; AuditEvents stay, Subscriptions too. Repeating it does no harm.

mod batch;
mod belongs;
mod past;
mod plan;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::{Error, Result};
use koppeltaal_store::resource;
use koppeltaal_store::{DomainTx, audit};

use self::batch::{Batch, Limits, batches};
use self::plan::{Former, Item, Plan};
use super::Operator;

/// What one transaction removes, so that nobody waits for it for long.
const LIMITS: Limits = Limits { resources: 200, versions: 1_000 };
/// How often others may change what is to be erased before it is given up.
const ATTEMPTS: usize = 5;

/// What was erased, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erasure {
    /// Type and id of each resource, what refers before what is referred to.
    pub resources: Vec<(&'static str, String)>,
    /// Earlier versions of resources that are about somebody else by now.
    pub versions: usize,
    /// Resources that refer to those and are not the patient's: while there are
    /// any, nothing is erased.
    pub remaining: Vec<(&'static str, String)>,
}

impl Erasure {
    fn is_nothing(&self) -> bool {
        self.resources.is_empty() && self.versions == 0
    }

    /// How many resources of each type.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for (kind, _) in &self.resources {
            *counts.entry(*kind).or_default() += 1;
        }
        counts
    }
}

/// Erases the Patient with this id; with `dry_run` only tells what would go.
/// Nothing happens either while something [remains](Erasure::remaining). `None`:
/// the domain has no such Patient (any more).
///
/// Fails with [`Error::Unavailable`] when others change what goes all the time, and
/// with [`Error::Conflict`] when something remains after a part was erased: in both
/// cases what is left can be erased later.
pub async fn erase(operator: &Operator, id: &str, dry_run: bool) -> Result<Option<Erasure>> {
    let mut done = Erasure::default();
    for _ in 0..ATTEMPTS {
        let Some(plan) = plan::plan(operator, id).await? else {
            // Somebody else has erased the rest.
            return Ok((!done.is_nothing()).then_some(done));
        };
        let planned = told(&plan);
        if dry_run || (!planned.remaining.is_empty() && done.is_nothing()) {
            return Ok(Some(planned));
        }
        if let Some((kind, of)) = planned.remaining.first() {
            return Err(Error::Conflict(format!(
                "a part of what is about Patient/{id} was erased ({} resources) when {kind}/{of}, \
                 which is not the patient's, came to refer to the rest: change it and erase again",
                done.resources.len()
            )));
        }
        let batches = batches(&plan, LIMITS);
        if carry_out(operator, id, &Arc::new(plan), batches, &mut done).await? {
            return Ok(Some(done));
        }
    }
    Err(Error::Unavailable(format!(
        "what is about Patient/{id} is being changed all the time; {} resources of it were \
         erased: erase the rest by running this again",
        done.resources.len()
    )))
}

fn told(plan: &Plan) -> Erasure {
    Erasure {
        resources: named(&plan.items).collect(),
        versions: plan.versions.len(),
        remaining: plan.remaining.iter().cloned().collect(),
    }
}

fn named(items: &[Item]) -> impl Iterator<Item = (&'static str, String)> {
    items.iter().map(|item| (item.kind, item.id.clone()))
}

/// Removes one batch after the other, each in a transaction with its own row of
/// the audit trail. False: somebody changed what goes, or made a reference to it,
/// so that the plan no longer holds.
async fn carry_out(
    operator: &Operator,
    id: &str,
    plan: &Arc<Plan>,
    batches: Vec<Batch>,
    done: &mut Erasure,
) -> Result<bool> {
    let patient = operator.url(&format!("Patient/{id}"));
    for batch in batches {
        let part = Part { plan: plan.clone(), batch };
        let (removing, ids) = (part.clone(), operator.ids.clone());
        let entry = Entry {
            patient: Some(patient.clone()),
            detail: Some(part.counted()),
            ..operator.entry(Action::Erase)
        };
        let is_removed = operator
            .scope()
            .write(move |tx| {
                if !removing.remove(tx)? {
                    return Ok(false);
                }
                audit::append(tx, &ids, std::slice::from_ref(&entry))?;
                Ok(true)
            })
            .await?;
        if !is_removed {
            return Ok(false);
        }
        done.resources.extend(named(part.items()));
        done.versions += part.former().len();
    }
    Ok(true)
}

/// The part of a plan that one transaction removes.
#[derive(Clone)]
struct Part {
    plan: Arc<Plan>,
    batch: Batch,
}

impl Part {
    fn items(&self) -> &[Item] {
        self.plan.items.get(self.batch.items.clone()).unwrap_or_default()
    }

    fn former(&self) -> &[Former] {
        self.plan.versions.get(self.batch.former.clone()).unwrap_or_default()
    }

    /// The resource that loses versions only, and the number below which.
    fn cut(&self) -> Option<(&Item, i64)> {
        let (at, before) = self.batch.cut?;
        self.plan.items.get(at).map(|item| (item, before))
    }

    /// False, and nothing is removed: the plan no longer holds.
    fn remove(&self, tx: &mut DomainTx<'_>) -> Result<bool> {
        // Whoever writes a reference holds the target: with all of them held, no new
        // one can come.
        if !self.is_as_planned(tx)? {
            return Ok(false);
        }
        for item in self.items() {
            let limit = i64::try_from(self.plan.items.len() + 1).unwrap_or(i64::MAX);
            let (kind, parameters) = (item.kind, &self.plan.parameters);
            let referring = resource::referring(tx, kind, &item.id, parameters, limit)?;
            if referring.iter().any(|one| !self.plan.contains(one.resource_type, &one.id)) {
                return Ok(false);
            }
        }
        for version in self.former() {
            resource::erase_version(tx, version.key, version.version)?;
        }
        if let Some((item, before)) = self.cut() {
            resource::erase_versions(tx, item.key, before)?;
        }
        for item in self.items() {
            resource::erase(tx, item.kind, &item.id)?;
        }
        Ok(true)
    }

    /// Holds what the batch relies on. False: it is not what the plan has seen.
    fn is_as_planned(&self, tx: &mut DomainTx<'_>) -> Result<bool> {
        let held = self.batch.held.iter().filter_map(|at| self.plan.items.get(*at));
        let held: Vec<&Item> = held.collect();
        let names: Vec<(&str, &str)> =
            held.iter().map(|item| (item.kind, item.id.as_str())).collect();
        let stamps = resource::locked_stamps(tx, &names)?;
        Ok(stamps.into_iter().eq(held.iter().map(|item| Some(item.stamp))))
    }

    /// For the audit trail, without names.
    fn counted(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for item in self.items() {
            *counts.entry(item.kind).or_default() += 1;
        }
        let mut parts: Vec<String> =
            counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        if let Some((item, before)) = self.cut() {
            parts.push(format!("versions of a {} before {before}", item.kind));
        }
        match self.former().len() {
            0 => {}
            count => parts.push(format!("{count} earlier versions of others")),
        }
        parts.join(", ")
    }
}
