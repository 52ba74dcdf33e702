//! What an operator looks at: one resource, its versions, and what a search finds.
//! Each look is recorded before anything is shown.

use std::sync::Arc;

use koppeltaal_core::Result;
use koppeltaal_core::search::SortKey;
use koppeltaal_store::resource::Stored;
use koppeltaal_store::resource::search::Search;

use super::{Operator, known_type, told};
use crate::catalog::Catalog;
use crate::kept;
use crate::query::{self, Context, Query};
use crate::query_string::pairs;

/// The most results that a page of the store has.
const PAGE: usize = 200;

/// What a search found.
#[derive(Debug)]
pub struct Hits {
    /// The first of the results.
    pub found: Vec<Stored>,
    /// How many there are.
    pub total: i64,
}

/// One version of a resource, the current one when `version` is absent; of a
/// deleted resource the deletion. `None`: the domain has none.
pub async fn get(
    operator: &Operator,
    kind: &'static str,
    id: &str,
    version: Option<i64>,
) -> Result<Option<Stored>> {
    let key = id.to_owned();
    let found = operator
        .scope()
        .read(move |tx| match version {
            None => kept::read(tx, kind, &key),
            Some(version) => match kept::read(tx, kind, &key)? {
                Some(current) => kept::version_of(tx, current, version),
                None => Ok(None),
            },
        })
        .await?;
    operator.record_read(Some(&format!("{kind}/{id}")), "read".to_owned()).await?;
    Ok(found)
}

/// At most `limit` versions of a resource, newest first. Empty: the domain has no
/// such resource.
pub async fn history(
    operator: &Operator,
    kind: &'static str,
    id: &str,
    limit: i64,
) -> Result<Vec<Stored>> {
    let key = id.to_owned();
    let found = operator
        .scope()
        .read(move |tx| match kept::read(tx, kind, &key)? {
            Some(current) => kept::history(tx, &current, None, limit),
            None => Ok(Vec::new()),
        })
        .await?;
    operator.record_read(Some(&format!("{kind}/{id}")), "history".to_owned()).await?;
    Ok(found)
}

/// What a search like `Task?status=ready` finds, at most `count` of it. Nothing is
/// narrowed. Fails on what is not known as on what is wrong: a search that
/// leaves out what was asked would mislead.
pub async fn search(operator: &Operator, text: &str, count: usize) -> Result<Hits> {
    let (name, parameters) = text.split_once('?').unwrap_or((text, ""));
    let kind = known_type(name)?;
    let catalog = operator.catalog().await?;
    let query = pairs(Some(parameters))
        .and_then(|pairs| {
            let context = Context {
                catalog: &catalog,
                bases: &operator.bases,
                now: operator.clock.now(),
                is_strict: true,
                with_unready: false,
            };
            query::parse(kind, &pairs, &context)
        })
        .map_err(|refusal| told(&refusal))?;
    let hits = run(operator, &catalog, kind, query, count).await?;
    // What is searched for can name a person: only how much was found is kept.
    let detail = format!("search of {kind}: {} of {} shown", hits.found.len(), hits.total);
    operator.record_read(None, detail).await?;
    Ok(hits)
}

async fn run(
    operator: &Operator,
    catalog: &Arc<Catalog>,
    kind: &'static str,
    query: Query,
    count: usize,
) -> Result<Hits> {
    let (scope, conditions) = (operator.scope(), query.conditions);
    let (counted, definitions) = (conditions.clone(), catalog.clone());
    let total = scope.read(move |tx| kept::count(tx, &definitions, kind, &counted)).await?;
    let sort: Vec<SortKey> = query.sort;
    let (mut found, mut after) = (Vec::new(), None);
    while found.len() < count {
        let wanted = Search {
            resource_type: kind.to_owned(),
            conditions: conditions.clone(),
            sort: sort.clone(),
            after: after.take(),
            limit: i64::try_from((count - found.len()).min(PAGE)).unwrap_or_default(),
        };
        let definitions = catalog.clone();
        let page = scope.read(move |tx| kept::page(tx, &definitions, &wanted)).await?;
        found.extend(page.found);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    Ok(Hits { found, total })
}
