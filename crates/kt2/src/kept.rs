//! Where resources stand: AuditEvents in the audit trail, all others in tables of
//! their own. Whoever reads or searches resources of any type comes by here.

use std::collections::HashSet;

use koppeltaal_core::search::Condition;
use koppeltaal_core::{Result, Timestamp};
use koppeltaal_store::DomainTx;
use koppeltaal_store::resource::search::{self, Page, Search};
use koppeltaal_store::resource::{self, Stored};

use crate::audit_event::{self, KIND};
use crate::catalog::Catalog;

/// The current version of a resource; of a deleted one the deletion.
pub fn read(tx: &mut DomainTx<'_>, kind: &str, id: &str) -> Result<Option<Stored>> {
    match kind {
        KIND => audit_event::read(tx, id),
        _ => resource::read(tx, kind, id),
    }
}

/// The version with this number, given the current one.
pub fn version_of(tx: &mut DomainTx<'_>, current: Stored, number: i64) -> Result<Option<Stored>> {
    match current.resource_type {
        KIND => Ok(audit_event::version_of(current, number)),
        _ => resource::version_of(tx, current, number),
    }
}

/// At most `limit` versions below `before`, newest first.
pub fn history(
    tx: &mut DomainTx<'_>,
    current: &Stored,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Stored>> {
    match current.resource_type {
        KIND => Ok(audit_event::history(current, before, limit)),
        kind => resource::history(tx, kind, &current.id, before, limit),
    }
}

/// The number of the first version since this time, and how many there are from it on.
pub fn versions_since(
    tx: &mut DomainTx<'_>,
    current: &Stored,
    since: Option<Timestamp>,
) -> Result<(i64, i64)> {
    match current.resource_type {
        KIND => Ok(audit_event::versions_since(current, since)),
        _ => resource::versions_since(tx, current, since),
    }
}

/// At most `limit` versions of resources of a type below this stamp, newest first.
pub fn type_history(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    kind: &str,
    origins: Option<&[String]>,
    before: Option<i64>,
    since: Option<Timestamp>,
    limit: i64,
) -> Result<Vec<Stored>> {
    match kind {
        KIND => audit_event::type_history(tx, catalog, origins, before, since, limit),
        _ => resource::type_history(tx, kind, origins, before, since, limit),
    }
}

/// How many there are of those.
pub fn type_history_count(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    kind: &str,
    origins: Option<&[String]>,
    since: Option<Timestamp>,
) -> Result<i64> {
    match kind {
        KIND => audit_event::type_history_count(tx, catalog, origins, since),
        _ => resource::type_history_count(tx, kind, origins, since),
    }
}

/// A page of a search. Fails with `Unprocessable` when the search costs too much.
pub fn page(tx: &mut DomainTx<'_>, catalog: &Catalog, search: &Search) -> Result<Page> {
    if search.resource_type == KIND {
        return audit_event::page(tx, catalog, search);
    }
    let kind = &search.resource_type;
    let conditions = audit_event::resolved(tx, catalog, kind, &search.conditions)?.into_owned();
    search::page(tx, &Search { conditions, ..search.clone() })
}

/// How many resources of a type meet these conditions. Fails as [`page`].
pub fn count(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    kind: &str,
    conditions: &[Condition],
) -> Result<i64> {
    if kind == KIND {
        return audit_event::count(tx, catalog, conditions);
    }
    let conditions = audit_event::resolved(tx, catalog, kind, conditions)?;
    search::count(tx, kind, &conditions)
}

/// Whether a resource of a type meets these conditions. Fails as [`page`].
pub fn any(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    kind: &str,
    conditions: &[Condition],
) -> Result<bool> {
    if kind == KIND {
        return audit_event::any(tx, catalog, conditions);
    }
    let conditions = audit_event::resolved(tx, catalog, kind, conditions)?;
    search::any(tx, kind, &conditions)
}

/// The current versions of those of these resources that exist and are not deleted.
pub fn by_ids(tx: &mut DomainTx<'_>, wanted: &[(&'static str, String)]) -> Result<Vec<Stored>> {
    let mut found = resource::by_ids(tx, wanted)?;
    for (_, id) in wanted.iter().filter(|(kind, _)| *kind == KIND) {
        found.extend(audit_event::read(tx, id)?.filter(|event| !event.deleted));
    }
    Ok(found)
}

/// Where the references by one of these parameters lead, of the resources of a type
/// with these stamps.
pub fn referenced(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    kind: &str,
    stamps: &[i64],
    parameters: &[i64],
) -> Result<Vec<String>> {
    if kind == KIND {
        let found = audit_event::references(tx, catalog, stamps, parameters)?;
        return Ok(found.into_iter().collect());
    }
    let mut found = Vec::new();
    for parameter in parameters {
        let references = resource::referenced(tx, stamps, *parameter)?;
        found.extend(references.into_iter().map(|(_, reference)| reference));
    }
    Ok(found)
}

/// Which of these resources (type and id) do not exist or are deleted, by their place
/// in the list. Those that exist stay so until the transaction ends.
pub fn missing(tx: &mut DomainTx<'_>, references: &[(&str, &str)]) -> Result<Vec<usize>> {
    let lost = resource::missing(tx, references)?;
    except_events(tx, references, lost, |event| !event.deleted)
}

/// What [`missing`] says, while nothing is held: it may be otherwise in a moment.
pub fn absent(tx: &mut DomainTx<'_>, references: &[(&str, &str)]) -> Result<Vec<usize>> {
    let found = resource::by_ids(tx, references)?;
    let found: HashSet<(&str, &str)> =
        found.iter().map(|one| (one.resource_type, one.id.as_str())).collect();
    let lost = references.iter().enumerate().filter(|(_, one)| !found.contains(*one));
    let lost = lost.map(|(place, _)| place).collect();
    except_events(tx, references, lost, |event| !event.deleted)
}

/// Which of these resources (type and id) have never been there, by their place in the
/// list.
pub fn unknown(tx: &mut DomainTx<'_>, references: &[(&str, &str)]) -> Result<Vec<usize>> {
    let lost = resource::unknown(tx, references)?;
    except_events(tx, references, lost, |_| true)
}

fn except_events(
    tx: &mut DomainTx<'_>,
    references: &[(&str, &str)],
    lost: Vec<usize>,
    is_there: impl Fn(&Stored) -> bool,
) -> Result<Vec<usize>> {
    let mut left = Vec::with_capacity(lost.len());
    for place in lost {
        let found = match references.get(place) {
            Some((KIND, id)) => audit_event::read(tx, id)?.filter(|event| is_there(event)),
            _ => None,
        };
        if found.is_none() {
            left.push(place);
        }
    }
    Ok(left)
}
