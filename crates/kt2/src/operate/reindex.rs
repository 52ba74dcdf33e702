//! Indexing anew: the searchable values of resources that are there, after what
//! they are searched by has changed. Servers go on meanwhile: rows are computed
//! outside of the transaction that writes them, and a resource that changed in
//! between was indexed by whoever changed it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::{Error, Result};
use koppeltaal_fhir::{Node, json};
use koppeltaal_store::resource::{self, Indexed, Stored};
use koppeltaal_store::{DomainTx, audit, definitions};

use super::confidential::parsed;
use super::{Operator, PAGE, Progress};
use crate::call::when_current;
use crate::catalog::Catalog;
use crate::kind;
use crate::publication::Publication;

/// Resources whose rows are replaced in one transaction: few, because each may be
/// waited for.
const AT_ONCE: usize = 50;
/// The time after which every server works with definitions that were changed,
/// twice what is promised.
const IN_FORCE: Duration = Duration::from_secs(2);
/// How often the walk begins anew because definitions changed on the way.
const ATTEMPTS: usize = 5;

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reindexed {
    /// Resources that were indexed anew.
    pub done: u64,
    /// Resources that somebody changed meanwhile, and indexed.
    pub passed: u64,
    /// Search parameters that cover every resource from now on, by URL.
    pub ready: Vec<String>,
}

/// Indexes every resource of the domain anew, or those of one type, from the key
/// `after` on. Search parameters that waited for it are in force afterwards, when
/// all of the resources that they are for were walked.
pub async fn reindex(
    operator: &Operator,
    kind: Option<&'static str>,
    after: i64,
    progress: &mut dyn FnMut(Progress),
) -> Result<Reindexed> {
    let types: Vec<&'static str> = kind.map_or_else(|| kind::served().collect(), |kind| vec![kind]);
    reindex_types(operator, &types, after, progress).await
}

/// [`reindex`] for some types.
pub(super) async fn reindex_types(
    operator: &Operator,
    types: &[&'static str],
    after: i64,
    progress: &mut dyn FnMut(Progress),
) -> Result<Reindexed> {
    for _ in 0..ATTEMPTS {
        if let Some(reindexed) = when_current(attempt(operator, types, after, progress).await)? {
            return Ok(reindexed);
        }
    }
    let told = "the definitions of the domain changed again and again: index it anew";
    Err(Error::Conflict(told.to_owned()))
}

/// Fails with `PreconditionFailed` when definitions change on the way: what was
/// indexed by others than those in force is indexed again.
async fn attempt(
    operator: &Operator,
    types: &[&'static str],
    after: i64,
    progress: &mut dyn FnMut(Progress),
) -> Result<Reindexed> {
    let asked =
        |tx: &mut DomainTx<'_>| Ok((definitions::version(tx)?, definitions::unindexed(tx)?));
    let (version, waiting) = operator.scope().read(asked).await?;
    if !waiting.is_empty() {
        // A server that does not know them yet would write resources without their rows.
        tokio::time::sleep(IN_FORCE).await;
    }
    let catalog = operator.catalog().await?;
    operator.scope().read(move |tx| definitions::require(tx, version)).await?;
    let mut reindexed = walk(operator, &catalog, types, after, progress).await?;
    if after == 0 {
        let is_covered =
            |url: &String| types_of(&catalog, url).iter().all(|kind| types.contains(kind));
        reindexed.ready = waiting.into_iter().filter(is_covered).collect();
    }
    let entry = Entry {
        detail: Some(format!("reindex: {} resources of {}", reindexed.done, types.join(", "))),
        ..operator.entry(Action::Administration)
    };
    let (ids, ready) = (operator.ids.clone(), reindexed.ready.clone());
    operator
        .scope()
        .write(move |tx| {
            audit::append(tx, &ids, std::slice::from_ref(&entry))?;
            if ready.is_empty() {
                return Ok(());
            }
            definitions::hold(tx, version)?;
            for url in &ready {
                definitions::finish(tx, url)?;
            }
            definitions::changed(tx)
        })
        .await?;
    Ok(reindexed)
}

/// The types that a search parameter of the domain is for.
fn types_of(catalog: &Catalog, url: &str) -> Vec<&'static str> {
    let is_it = |one: &&Publication| {
        one.resource_type == "SearchParameter" && one.url.as_deref() == Some(url)
    };
    let found = catalog.publications().iter().find(is_it);
    let resource = found.and_then(|found| json::parse(found.text.as_bytes()).ok());
    resource.map_or_else(Vec::new, |resource| {
        let bases = resource.items("base").iter().filter_map(Node::as_str);
        served_types(bases)
    })
}

/// The types that are kept here among the bases of a search parameter.
pub(super) fn served_types<'a>(bases: impl IntoIterator<Item = &'a str>) -> Vec<&'static str> {
    let bases: HashSet<&str> = bases.into_iter().collect();
    let is_for_all = bases.contains("Resource") || bases.contains("DomainResource");
    kind::served().filter(|kind| is_for_all || bases.contains(kind)).collect()
}

async fn walk(
    operator: &Operator,
    catalog: &Arc<Catalog>,
    types: &[&'static str],
    mut after: i64,
    progress: &mut dyn FnMut(Progress),
) -> Result<Reindexed> {
    let (scope, of, version) = (operator.scope(), types.to_vec(), catalog.version());
    let total = scope.read(move |tx| resource::walk_count(tx, after, Some(&of))).await?;
    let total = u64::try_from(total).unwrap_or_default();
    let mut reindexed = Reindexed::default();
    loop {
        let of = types.to_vec();
        let page = scope.read(move |tx| resource::walk(tx, after, Some(&of), PAGE)).await?;
        let Some(last) = page.last() else { return Ok(reindexed) };
        after = last.key;
        for some in page.chunks(AT_ONCE) {
            let mut ready: Vec<(Stored, Indexed)> = Vec::with_capacity(some.len());
            for stored in some {
                let indexed = catalog.index(&parsed(stored)?, Some(&operator.base));
                ready.push((stored.clone(), indexed));
            }
            // Whoever locks several resources locks them in this order.
            ready.sort_unstable_by(|(a, _), (b, _)| {
                (a.resource_type, &a.id).cmp(&(b.resource_type, &b.id))
            });
            let replaced = scope
                .write(move |tx| {
                    let mut replaced = 0;
                    for (stored, indexed) in &ready {
                        replaced += u64::from(resource::reindex(tx, stored, indexed)?);
                    }
                    definitions::require(tx, version)?;
                    Ok(replaced)
                })
                .await?;
            reindexed.done += replaced;
            reindexed.passed += some.len() as u64 - replaced;
        }
        let done = reindexed.done + reindexed.passed;
        progress(Progress { done, total: total.max(done), after });
    }
}
