//! The resources that say what others are: read and searched by everybody with a
//! token, and the guide by everybody; written by administrators only (K002-9).
//! There are few, so they are kept in memory.

use http::StatusCode;
use http::header::{self, HeaderMap};
use koppeltaal_core::permission::Operation;
use koppeltaal_fhir::object;
use serde::{Deserialize, Serialize};

use crate::access;
use crate::bundle::{Bundle, Links, url};
use crate::call::Call;
use crate::matches::{Alone, Subject, matches_all};
use crate::outcome::Refusal;
use crate::page_link::{self, Bound, PARAMETER};
use crate::publication::Publication;
use crate::query;
use crate::read::is_known;
use crate::record::Shown;
use crate::reply::{Reply, etag};
use crate::shape::{Shape, shaped};

/// Answers `GET [type]/[id]`.
pub fn read(call: &Call, kind: &str, id: &str, headers: &HeaderMap) -> Result<Reply, Refusal> {
    let found = find(call, kind, id)?;
    let reply = match is_known(headers, found.version, found.updated) {
        true => Reply::empty(StatusCode::NOT_MODIFIED),
        false => {
            let text = shaped(found.text.clone(), &call.wants, &call.catalog)?;
            Reply::text(StatusCode::OK, text)
        }
    };
    Ok(tagged(reply, found))
}

/// Answers `GET [type]/[id]/_history/[version]`: there is one version.
pub fn vread(call: &Call, kind: &str, id: &str, version: &str) -> Result<Reply, Refusal> {
    let found = find(call, kind, id)?;
    if version != found.version.to_string() {
        let told = format!("This {kind} has no such version.");
        return Err(Refusal::new(StatusCode::NOT_FOUND, "not-found", told));
    }
    let text = shaped(found.text.clone(), &call.wants, &call.catalog)?;
    Ok(tagged(Reply::text(StatusCode::OK, text), found))
}

/// Answers `GET [type]/[id]/_history` and `GET [type]/_history`: the one version
/// of each.
pub fn history(
    call: &Call,
    kind: &str,
    id: Option<&str>,
    pairs: Vec<(String, String)>,
) -> Result<Reply, Refusal> {
    access::require(call, Operation::Read, kind)?;
    let (path, all): (String, Vec<&Publication>) = match id {
        Some(id) => (format!("{kind}/{id}/_history"), vec![find(call, kind, id)?]),
        None => (format!("{kind}/_history"), of_kind(call, kind).collect()),
    };
    let (asked, from) = opened(call, &path, pairs)?;
    // What a search asks for has no meaning here: there is one version of each.
    let kept = page_link::shown(&asked).map(|(name, value)| (name.to_owned(), value.to_owned()));
    let count = asked.iter().filter(|(name, _)| name == "_count").cloned();
    let asked: Vec<(String, String)> = count.chain(kept).collect();
    let context = context(call);
    let count = query::parse(kind, &asked, &context)?.count;
    let links = links(call, &path, &asked, from, count, all.len());
    let mut bundle = Bundle::new("history", whole(all.len()), &links);
    for one in all.iter().skip(from).take(count) {
        let request = object! { "method" => "POST", "url" => kind };
        let response = object! {
            "status" => "201 Created",
            "etag" => etag(one.version),
            "lastModified" => one.updated.to_instant_millis(),
        };
        let text = shaped(one.text.clone(), &call.wants, &call.catalog)?;
        bundle.version(&full_url(call, one), Some(&text), &request, &response);
    }
    let page = all.into_iter().skip(from).take(count);
    Ok(Reply::text(StatusCode::OK, bundle.finish()).showing(page.map(shown)))
}

/// Answers `GET [type]` and `POST [type]/_search`.
pub fn search(call: &Call, kind: &str, pairs: Vec<(String, String)>) -> Result<Reply, Refusal> {
    access::require(call, Operation::Read, kind)?;
    let (asked, from) = opened(call, kind, pairs)?;
    let query = query::parse(kind, &asked, &context(call))?;
    if !query.includes.is_empty() || !query.revincludes.is_empty() {
        let told = "Nothing can be included in a search for definitions.";
        return Err(Refusal::bad_request("not-supported", told));
    }
    let is_met = |one: &&Publication| {
        let subject = Subject {
            resource_type: kind,
            id: &one.id,
            origin: "",
            updated: one.updated,
            rows: &one.indexed.rows,
            words: &one.indexed.words,
        };
        matches_all(&query.conditions, &subject, &Alone)
    };
    let found: Vec<&Publication> = of_kind(call, kind).filter(is_met).collect();
    let count = if call.wants.shape == Shape::Count { 0 } else { query.count };
    let links = links(call, kind, &query.used, from, count, found.len());
    let mut bundle = Bundle::new("searchset", whole(found.len()), &links);
    for one in found.iter().skip(from).take(count) {
        let text = shaped(one.text.clone(), &call.wants, &call.catalog)?;
        bundle.result(&full_url(call, one), &text, "match");
    }
    bundle.outcome(&query.ignored);
    let page = found.into_iter().skip(from).take(count);
    Ok(Reply::text(StatusCode::OK, bundle.finish()).showing(page.map(shown)))
}

/// Where a page begins; definitions stand still.
#[derive(Serialize, Deserialize)]
struct Next {
    pairs: Vec<(String, String)>,
    from: usize,
}

/// The parameters of the first page, and where this one begins.
fn opened(
    call: &Call,
    path: &str,
    pairs: Vec<(String, String)>,
) -> Result<(Vec<(String, String)>, usize), Refusal> {
    let Some((_, text)) = pairs.iter().find(|(name, _)| name == PARAMETER) else {
        return Ok((pairs, 0));
    };
    let next: Next = page_link::open(&Bound::to(call, path), text)?;
    Ok((next.pairs, next.from))
}

fn context(call: &Call) -> query::Context<'_> {
    query::Context {
        catalog: &call.catalog,
        bases: &call.bases,
        now: call.began,
        is_strict: call.wants.is_strict,
        with_unready: false,
    }
}

fn links(
    call: &Call,
    path: &str,
    asked: &[(String, String)],
    from: usize,
    count: usize,
    found: usize,
) -> Links {
    let path_url = format!("{}/{path}", call.base);
    let page = |from: usize| {
        if from == 0 {
            let pairs = asked.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            return Some(url(&path_url, pairs));
        }
        let next = Next { pairs: asked.to_vec(), from };
        let text = page_link::seal(&Bound::to(call, path), &next)?;
        let pairs = [(PARAMETER, text.as_str())];
        Some(url(&path_url, pairs.into_iter().chain(page_link::shown(asked))))
    };
    let has_next = count > 0 && from + count < found;
    Links {
        this: page(from).unwrap_or_default(),
        first: page(0),
        previous: (from > 0).then(|| page(from.saturating_sub(count))).flatten(),
        next: has_next.then(|| page(from + count)).flatten(),
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn full_url(call: &Call, one: &Publication) -> String {
    format!("{}/{}/{}", call.base, one.resource_type, one.id)
}

fn of_kind<'a>(call: &'a Call, kind: &'a str) -> impl Iterator<Item = &'a Publication> {
    call.catalog.publications().iter().filter(move |one| one.resource_type == kind)
}

fn find<'a>(call: &'a Call, kind: &'a str, id: &str) -> Result<&'a Publication, Refusal> {
    access::require(call, Operation::Read, kind)?;
    of_kind(call, kind).find(|one| one.id == id).ok_or_else(|| access::unknown(kind))
}

fn tagged(reply: Reply, found: &Publication) -> Reply {
    reply
        .with(header::ETAG, etag(found.version))
        .with(header::LAST_MODIFIED, found.updated.to_http_date())
        .showing([shown(found)])
}

fn shown(one: &Publication) -> Shown {
    let Publication { resource_type, id, version, .. } = one;
    Shown { resource_type, id: id.clone(), version: *version }
}
