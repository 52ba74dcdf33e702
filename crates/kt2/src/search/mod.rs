//! Search of a type, by GET or by a form: what the caller may read and asks for,
//! a page at a time (FHIR R4, 3.1.1; TOP-KT-002b). No page loses or repeats a
//! result while resources change.

mod link;
mod moves;

#[cfg(test)]
mod tests;

use http::StatusCode;
use koppeltaal_core::directory::Includes;
use koppeltaal_core::permission::Operation;
use koppeltaal_core::search::Condition;
use koppeltaal_core::{Result as CoreResult, Timestamp};
use koppeltaal_store::DomainTx;
use koppeltaal_store::resource::Stored;
use koppeltaal_store::resource::search::{self, Cursor, Search};

use crate::access;
use crate::audit_event;
use crate::bundle::{Bundle, Links};
use crate::call::Call;
use crate::catalog::Catalog;
use crate::include::included;
use crate::kept;
use crate::outcome::Refusal;
use crate::query::{Context, Query, parse};
use crate::record::shown;
use crate::reply::Reply;
use crate::shape::shaped;
use link::PageLink;
use moves::Moves;

/// Answers `GET [type]?…` and `POST [type]/_search`.
pub async fn search(
    call: &Call,
    resource_type: &'static str,
    pairs: Vec<(String, String)>,
) -> Result<Reply, Refusal> {
    access::require(call, Operation::Read, resource_type)?;
    let link = link::open(call, resource_type, &pairs)?;
    let context = Context {
        catalog: &call.catalog,
        bases: &call.bases,
        now: link.as_ref().map_or(call.began, PageLink::began),
        is_strict: call.wants.is_strict,
        with_unready: false,
    };
    let asked = link.as_ref().map_or(&pairs, |link| &link.query);
    let query = parse(resource_type, asked, &context)?;
    if call.domain.includes == Includes::Refuse
        && (!query.includes.is_empty() || !query.revincludes.is_empty())
    {
        let told = "This domain refuses `_include` and `_revinclude`.";
        return Err(Refusal::bad_request("not-supported", told));
    }
    let conditions = access::narrow(call, resource_type, query.conditions.clone())?;
    let found = find(call, resource_type, &query, conditions, link.as_ref()).await?;
    let included = included(call, &query, &found.results).await?;
    let mut bundle = Bundle::new(
        "searchset",
        found.total,
        &links(call, resource_type, &query, &pairs, link.as_ref(), &found)?,
    );
    for (resources, mode) in [(&found.results, "match"), (&included.resources, "include")] {
        for stored in resources {
            let url = format!("{}/{}/{}", call.base, stored.resource_type, stored.id);
            bundle.result(&url, &shaped(stored.render(), &call.wants, &call.catalog)?, mode);
        }
    }
    let told = [query.ignored, included.warnings].concat();
    bundle.outcome(&told);
    let all = found.results.iter().chain(&included.resources);
    Ok(Reply::text(StatusCode::OK, bundle.finish()).showing(all.map(shown)))
}

/// A page of results.
struct Found {
    results: Vec<Stored>,
    /// How many results all pages have.
    total: i64,
    next: Option<Next>,
}

/// Where the next page begins.
struct Next {
    after: Option<Cursor>,
    moves: Option<Moves>,
}

async fn find(
    call: &Call,
    resource_type: &'static str,
    query: &Query,
    conditions: Vec<Condition>,
    link: Option<&PageLink>,
) -> Result<Found, Refusal> {
    let wanted = Search {
        resource_type: resource_type.to_owned(),
        conditions,
        sort: query.sort.clone(),
        after: link.and_then(|link| link.after.clone()),
        limit: i64::try_from(query.count).unwrap_or(i64::MAX),
    };
    let total = link.map(|link| link.total);
    let moves = link.and_then(|link| link.moves.clone());
    let now = call.began;
    let catalog = call.catalog.clone();
    let found = call
        .scope()
        .read(move |tx| page(tx, &catalog, &wanted, total, moves.as_ref(), now))
        .await?;
    Ok(found)
}

fn page(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    wanted: &Search,
    total: Option<i64>,
    moves: Option<&Moves>,
    now: Timestamp,
) -> CoreResult<Found> {
    let count =
        |tx: &mut DomainTx<'_>| kept::count(tx, catalog, &wanted.resource_type, &wanted.conditions);
    if wanted.limit == 0 {
        return Ok(Found { results: Vec::new(), total: count(tx)?, next: None });
    }
    let mut results = match (moves, &wanted.after) {
        (Some(moves), Some(after)) => moves.found(tx, wanted, after)?,
        _ => Vec::new(),
    };
    let room = wanted.limit - i64::try_from(results.len()).unwrap_or(i64::MAX);
    let (after, has_more) = match room {
        // The page is full of what has moved, and there may be more of it.
        ..=0 => (wanted.after.clone(), true),
        room => {
            let mut rest = kept::page(tx, catalog, &Search { limit: room, ..wanted.clone() })?;
            if let Some(moves) = moves {
                moves.cut(&wanted.sort, &mut rest);
            }
            results.extend(rest.found);
            let has_more = rest.next.is_some();
            (rest.next, has_more)
        }
    };
    let total = match total {
        Some(total) => total,
        // A search with one page has been counted.
        None if !has_more => i64::try_from(results.len()).unwrap_or(i64::MAX),
        None => count(tx)?,
    };
    if !has_more {
        return Ok(Found { results, total, next: None });
    }
    let moves = match moves {
        None if wanted.after.is_none()
            && Moves::matter(&wanted.sort)
            // An AuditEvent never moves.
            && wanted.resource_type != audit_event::KIND =>
        {
            Some(Moves::begin(search::newest(tx, &wanted.resource_type)?, now))
        }
        known => known.cloned(),
    };
    let moves = moves.map(|moves| moves.after_page(&results, now, room <= 0));
    Ok(Found { results, total, next: Some(Next { after, moves }) })
}

fn links(
    call: &Call,
    resource_type: &'static str,
    query: &Query,
    pairs: &[(String, String)],
    link: Option<&PageLink>,
    found: &Found,
) -> Result<Links, Refusal> {
    let first = link::first_url(call, resource_type, &query.used);
    let next = match &found.next {
        None => None,
        Some(next) => {
            let content = PageLink::next(link, call.began, query, found.total, next);
            let url = content.url(call, resource_type, &query.used).ok_or_else(link::too_long)?;
            Some(url)
        }
    };
    Ok(match link {
        None => Links { this: first.clone(), first: Some(first), previous: None, next },
        Some(link) => Links {
            this: link::url_of(call, resource_type, pairs),
            previous: match link.page {
                2 => Some(first.clone()),
                _ => link.previous().and_then(|one| one.url(call, resource_type, &query.used)),
            },
            first: Some(first),
            next,
        },
    })
}
