//! Chains and `_has` of other types that lead through AuditEvents. The index has no
//! rows of those, so such a condition becomes a list of ids before the store is asked.

use std::borrow::Cow;
use std::collections::BTreeSet;

use koppeltaal_core::search::{Condition, Target};
use koppeltaal_core::{Error, Result};
use koppeltaal_store::DomainTx;
use koppeltaal_store::resource;

use super::KIND;
use super::page::each;
use super::plan::{Plan, plan};
use super::row::node;
use crate::catalog::Catalog;
use crate::matches::Subject;
use crate::neighbours::meets;
use crate::origin;

/// The most resources that such a condition may stand for.
const MOST: usize = 256;

/// The conditions on resources of a type without those that speak of AuditEvents.
/// Fails with `Unprocessable` when they stand for too many resources.
pub fn resolved<'a>(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    kind: &str,
    conditions: &'a [Condition],
) -> Result<Cow<'a, [Condition]>> {
    if !conditions.iter().any(speaks_of_events) {
        return Ok(Cow::Borrowed(conditions));
    }
    let all = conditions.iter().map(|one| resolve(tx, catalog, kind, one));
    Ok(Cow::Owned(all.collect::<Result<_>>()?))
}

fn speaks_of_events(condition: &Condition) -> bool {
    let is_target = |target: &Target| {
        target.resource_type == KIND || target.conditions.iter().any(speaks_of_events)
    };
    match condition {
        Condition::RefersTo { targets, .. } => targets.iter().any(is_target),
        Condition::ReferredBy { source, .. } => is_target(source),
        Condition::Not(inner) => speaks_of_events(inner),
        _ => false,
    }
}

fn resolve(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    kind: &str,
    condition: &Condition,
) -> Result<Condition> {
    Ok(match condition {
        _ if !speaks_of_events(condition) => condition.clone(),
        Condition::Not(inner) => Condition::Not(Box::new(resolve(tx, catalog, kind, inner)?)),
        Condition::RefersTo { parameter, targets } => {
            let targets = targets.iter().map(|target| match target.resource_type == KIND {
                true => referred(tx, catalog, *parameter, target),
                false => within(tx, catalog, target),
            });
            let targets = targets.collect::<Result<_>>()?;
            Condition::RefersTo { parameter: *parameter, targets }
        }
        Condition::ReferredBy { source, parameter } if source.resource_type == KIND => {
            Condition::Id(named(tx, catalog, kind, source, *parameter)?)
        }
        Condition::ReferredBy { source, parameter } => {
            Condition::ReferredBy { source: within(tx, catalog, source)?, parameter: *parameter }
        }
        plain => plain.clone(),
    })
}

fn within(tx: &mut DomainTx<'_>, catalog: &Catalog, target: &Target) -> Result<Target> {
    let conditions = resolved(tx, catalog, &target.resource_type, &target.conditions)?;
    Ok(Target { resource_type: target.resource_type.clone(), conditions: conditions.into_owned() })
}

/// The ids of the events that meet a target and that resources refer to by this
/// parameter: the store takes such a list as it is. Hardly anything refers to events.
fn referred(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    parameter: i64,
    target: &Target,
) -> Result<Target> {
    let limit = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
    let mut ids = resource::referred_ids(tx, parameter, KIND, limit)?;
    if ids.len() > MOST {
        return Err(too_many());
    }
    let mut met = Vec::new();
    for id in ids.drain(..) {
        if is_met(tx, catalog, &id, &target.conditions)? {
            met.push(id);
        }
    }
    Ok(Target { resource_type: KIND.to_owned(), conditions: vec![Condition::Id(met)] })
}

/// Whether there is an event with this id that meets these.
pub fn is_met(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    id: &str,
    conditions: &[Condition],
) -> Result<bool> {
    let of_id = Condition::Id(vec![id.to_owned()]);
    let all: Vec<Condition> = std::iter::once(of_id).chain(conditions.iter().cloned()).collect();
    super::page::any(tx, catalog, &all)
}

/// The ids of the resources of a type that events which meet `source` refer to by this
/// parameter.
fn named(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    kind: &str,
    source: &Target,
    parameter: i64,
) -> Result<Vec<String>> {
    let Plan { wanted, rest } = plan(tx, catalog, &source.conditions)?;
    let mut ids = BTreeSet::new();
    let Some(wanted) = wanted else { return Ok(Vec::new()) };
    each(tx, wanted, |tx, row| {
        let node = node(row);
        let indexed = catalog.index(&node, None);
        let id = row.id();
        let subject = Subject {
            resource_type: KIND,
            id: &id,
            origin: origin::only(&node).unwrap_or_default(),
            updated: row.written(),
            rows: &indexed.rows,
            words: &indexed.words,
        };
        if meets(tx, catalog, &rest, &subject)? {
            let of = indexed.rows.iter().filter(|row| row.parameter == parameter);
            let local = of.filter_map(|row| row.value.strip_prefix(kind)?.strip_prefix('/'));
            ids.extend(local.map(str::to_owned));
        }
        match ids.len() > MOST {
            true => Err(too_many()),
            false => Ok(true),
        }
    })?;
    Ok(ids.into_iter().collect())
}

fn too_many() -> Error {
    Error::Unprocessable(format!(
        "A chain or `_has` through AuditEvent stands for more than {MOST} resources: narrow it \
         by more of its own, or search the AuditEvents."
    ))
}
