//! The hard erase of a patient (TOP-KT-028, K028-1 and K028-12): the Patient, what
//! of its compartment is kept here, and the Tasks about it, in all versions and
//! without a trace; AuditEvents stay, Subscriptions too. Repeating it does no harm.

mod belongs;
mod past;
mod plan;

use std::collections::BTreeMap;
use std::sync::Arc;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::{Error, Result};
use koppeltaal_store::resource;
use koppeltaal_store::{DomainTx, audit};

use self::plan::{Item, Plan};
use super::Operator;

/// Resources that one transaction removes.
const AT_ONCE: usize = 10_000;
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
pub async fn erase(operator: &Operator, id: &str, dry_run: bool) -> Result<Option<Erasure>> {
    for _ in 0..ATTEMPTS {
        let Some(plan) = plan::plan(operator, id).await? else { return Ok(None) };
        let erasure = told(&plan);
        if dry_run || !erasure.remaining.is_empty() || carry_out(operator, id, plan).await? {
            return Ok(Some(erasure));
        }
    }
    let told = format!("what refers to Patient/{id} is being changed all the time: try again");
    Err(Error::Unavailable(told))
}

fn told(plan: &Plan) -> Erasure {
    Erasure {
        resources: plan.items.iter().map(|item| (item.kind, item.id.clone())).collect(),
        versions: plan.versions.len(),
        remaining: plan.remaining.iter().cloned().collect(),
    }
}

/// False: somebody made a reference to what goes, so that the plan no longer holds.
async fn carry_out(operator: &Operator, id: &str, plan: Plan) -> Result<bool> {
    let plan = Arc::new(plan);
    let patient = operator.url(&format!("Patient/{id}"));
    let chunks = plan.items.len().div_ceil(AT_ONCE);
    for at in 0..chunks {
        let (plan, ids) = (plan.clone(), operator.ids.clone());
        let entry = Entry { patient: Some(patient.clone()), ..operator.entry(Action::Erase) };
        let done = operator
            .scope()
            .write(move |tx| {
                let chunk = plan.items.chunks(AT_ONCE).nth(at).unwrap_or_default();
                // The versions of others go with the patient itself.
                let versions = if at + 1 == chunks { &plan.versions[..] } else { &[] };
                if !remove(tx, &plan, chunk, versions)? {
                    return Ok(false);
                }
                let detail = Some(counted(chunk));
                audit::append(tx, &ids, &[Entry { detail, ..entry.clone() }])?;
                Ok(true)
            })
            .await?;
        if !done {
            return Ok(false);
        }
    }
    Ok(true)
}

fn remove(
    tx: &mut DomainTx<'_>,
    plan: &Plan,
    chunk: &[Item],
    versions: &[(i64, i64)],
) -> Result<bool> {
    // Whoever writes a reference holds the target: with all of them held, no new
    // one can come. Everybody locks in this order.
    let mut in_order: Vec<&Item> = chunk.iter().collect();
    in_order.sort_unstable_by_key(|item| (item.kind, item.id.as_str()));
    for item in &in_order {
        resource::locked(tx, item.kind, &item.id)?;
    }
    for item in chunk {
        let limit = i64::try_from(plan.items.len() + 1).unwrap_or(i64::MAX);
        let referring = resource::referring(tx, item.kind, &item.id, &plan.parameters, limit)?;
        if referring.iter().any(|(kind, id)| !plan.contains(kind, id)) {
            return Ok(false);
        }
    }
    for item in chunk {
        resource::erase(tx, item.kind, &item.id)?;
    }
    for (key, version) in versions {
        resource::erase_version(tx, *key, *version)?;
    }
    Ok(true)
}

fn counted(chunk: &[Item]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for item in chunk {
        *counts.entry(item.kind).or_default() += 1;
    }
    let counts: Vec<String> =
        counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    counts.join(", ")
}
