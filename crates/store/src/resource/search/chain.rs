//! Chains that lead to few resources are walked first, so that the search has a
//! plain list of values in their place. The others stay probes of each candidate.

use std::borrow::Cow;

use koppeltaal_core::Result;
use koppeltaal_core::search::{Condition, Qualifier, Target, Test, Values};

use super::condition::of_events;
use super::driver::Prepared;
use super::in_time::{STAMPS, in_time};
use crate::resource::{Kind, kind, reference};
use crate::scope::DomainTx;

/// The most resources at the other end of a chain that count as few.
const FEW: usize = 64;

/// Gets a search ready: a type that is none has no resources.
pub(super) fn prepare<'a>(
    tx: &mut DomainTx<'_>,
    resource_type: &str,
    conditions: &'a [Condition],
) -> Result<Option<Prepared<'a>>> {
    let Some(kind) = kind(resource_type) else { return Ok(None) };
    let is_chain = |condition: &Condition| {
        matches!(condition, Condition::RefersTo { .. } | Condition::ReferredBy { .. })
    };
    if !conditions.iter().any(is_chain) {
        return Ok(Some(Prepared { kind, conditions: Cow::Borrowed(conditions) }));
    }
    let mut resolved = Vec::with_capacity(conditions.len());
    for condition in conditions {
        resolved.push(resolve(tx, kind, condition)?.unwrap_or_else(|| condition.clone()));
    }
    Ok(Some(Prepared { kind, conditions: Cow::Owned(resolved) }))
}

/// What a chain comes to, or none when it leads to many.
fn resolve(tx: &mut DomainTx<'_>, own: Kind, condition: &Condition) -> Result<Option<Condition>> {
    match condition {
        Condition::RefersTo { parameter, targets } => {
            let mut tests = Vec::new();
            for target in targets {
                if let Some(events) = of_events(*parameter, target) {
                    tests.extend(events);
                    continue;
                }
                let Some(stamps) = few_stamps(tx, target, FEW.saturating_sub(tests.len()))? else {
                    return Ok(None);
                };
                for (_, id) in reference::of_type(tx, &target.resource_type, &stamps)? {
                    let value = Values::Is(format!("{}/{id}", target.resource_type));
                    tests.push(Test { parameter: *parameter, value, qualifier: Qualifier::Any });
                }
            }
            Ok(Some(Condition::AnyOf(tests)))
        }
        Condition::ReferredBy { source, parameter } => {
            let Some(stamps) = few_stamps(tx, source, FEW)? else { return Ok(None) };
            let mut ids: Vec<String> = Vec::new();
            for (_, value) in reference::referenced(tx, &stamps, *parameter)? {
                let id = value.strip_prefix(own.name).and_then(|rest| rest.strip_prefix('/'));
                ids.extend(id.map(str::to_owned));
            }
            ids.sort_unstable();
            ids.dedup();
            // A resource with endless references is left to the probes.
            Ok((ids.len() <= FEW).then_some(Condition::Id(ids)))
        }
        _ => Ok(None),
    }
}

/// The stamps of the resources that meet a target, unless they are more than `most`.
fn few_stamps(tx: &mut DomainTx<'_>, target: &Target, most: usize) -> Result<Option<Vec<i64>>> {
    let Some(prepared) = prepare(tx, &target.resource_type, &target.conditions)? else {
        return Ok(Some(Vec::new()));
    };
    let limit = i64::try_from(most + 1).unwrap_or(i64::MAX);
    let stamps = in_time(tx, &prepared, true, None, limit, &STAMPS)?;
    Ok((stamps.len() <= most).then_some(stamps))
}
