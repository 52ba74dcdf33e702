//! The resources that say what others are: read and searched by everybody with a
//! token, and the guide by everybody; written by administrators only (K002-9).
//! There are few, so they are kept in memory.

use http::StatusCode;
use http::header::{self, HeaderMap};
use koppeltaal_core::permission::Operation;
use koppeltaal_fhir::{Node, json, object};
use serde::{Deserialize, Serialize};

use crate::access;
use crate::call::Call;
use crate::matches::{Alone, Subject, matches_all};
use crate::outcome::{Issue, Refusal, operation_outcome};
use crate::page_link::{self, Bound};
use crate::publication::Publication;
use crate::query::{self, Query};
use crate::read::is_known;
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
pub fn history(call: &Call, kind: &str, id: Option<&str>) -> Result<Reply, Refusal> {
    access::require(call, Operation::Read, kind)?;
    let found: Vec<&Publication> = match id {
        Some(id) => vec![find(call, kind, id)?],
        None => of_kind(call, kind).collect(),
    };
    let mut entries = Vec::new();
    for one in &found {
        let request = object! { "method" => "POST", "url" => kind };
        let response = object! {
            "status" => "201",
            "etag" => etag(one.version),
            "lastModified" => one.updated.to_instant_millis(),
        };
        let entry = entry(call, one)?.with("request", request).with("response", response);
        entries.push(entry);
    }
    Ok(bundle(call, "history", found.len(), entries, Vec::new()))
}

/// Answers `GET [type]` and `POST [type]/_search`.
pub fn search(call: &Call, kind: &str, pairs: Vec<(String, String)>) -> Result<Reply, Refusal> {
    access::require(call, Operation::Read, kind)?;
    let context = query::Context {
        catalog: &call.catalog,
        base: &call.base,
        now: call.began,
        is_strict: call.wants.is_strict,
    };
    let asked = query::parse(kind, &pairs, &context)?;
    let bound = Bound::to(call, kind);
    let (query, from): (Query, usize) = match &asked.page {
        None => (asked, 0),
        Some(page) => {
            let next: Next = page_link::open(&bound, page)?;
            (query::parse(kind, &next.pairs, &context)?, next.from)
        }
    };
    if !query.includes.is_empty() || !query.revincludes.is_empty() {
        let told = "Nothing can be included in a search for definitions.";
        return Err(Refusal::bad_request("not-supported", told));
    }
    let is_met = |one: &&Publication| {
        let subject = Subject {
            resource_type: kind,
            id: &one.id,
            updated: one.updated,
            rows: &one.indexed.rows,
            words: &one.indexed.words,
        };
        matches_all(&query.conditions, &subject, &Alone)
    };
    let found: Vec<&Publication> = of_kind(call, kind).filter(is_met).collect();
    let count = if call.wants.shape == Shape::Count { 0 } else { query.count };
    let mut entries = Vec::new();
    for one in found.iter().skip(from).take(count) {
        entries.push(entry(call, one)?.with("search", object! { "mode" => "match" }));
    }
    if from == 0 && !query.ignored.is_empty() {
        entries.push(ignored(&query.ignored));
    }
    let url = |pairs: &[(String, String)]| {
        let text =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let mark = if text.is_empty() { "" } else { "?" };
        format!("{}/{kind}{mark}{text}", call.base)
    };
    let page = |from: usize| {
        let next = Next { pairs: query.used.clone(), from };
        let text = page_link::seal(&bound, &next)?;
        Some(url(&[(page_link::PARAMETER.to_owned(), text)]))
    };
    let mut links = vec![link(
        "self",
        if from == 0 { url(&query.used) } else { page(from).unwrap_or_default() },
    )];
    if count > 0 {
        links.push(link("first", url(&query.used)));
        if from > 0 {
            let before = from.saturating_sub(count);
            let previous = if before == 0 { Some(url(&query.used)) } else { page(before) };
            links.extend(previous.map(|url| link("previous", url)));
        }
        if from + count < found.len() {
            links.extend(page(from + count).map(|url| link("next", url)));
        }
    }
    Ok(bundle(call, "searchset", found.len(), entries, links))
}

/// Where the next page begins; definitions stand still.
#[derive(Serialize, Deserialize)]
struct Next {
    pairs: Vec<(String, String)>,
    from: usize,
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
}

fn entry(call: &Call, one: &Publication) -> Result<Node, Refusal> {
    let text = shaped(one.text.clone(), &call.wants, &call.catalog)?;
    let resource = json::parse(text.as_bytes()).unwrap_or(Node::Null);
    let url = format!("{}/{}/{}", call.base, one.resource_type, one.id);
    Ok(object! { "fullUrl" => url, "resource" => resource })
}

fn ignored(issues: &[Issue]) -> Node {
    object! {
        "fullUrl" => format!("urn:uuid:{}", uuid::Uuid::new_v4()),
        "resource" => operation_outcome(issues),
        "search" => object! { "mode" => "outcome" },
    }
}

fn link(relation: &str, url: String) -> Node {
    object! { "relation" => relation, "url" => url }
}

fn bundle(call: &Call, kind: &str, total: usize, entries: Vec<Node>, links: Vec<Node>) -> Reply {
    let mut bundle = object! {
        "resourceType" => "Bundle",
        "id" => uuid::Uuid::new_v4().to_string(),
        "meta" => object! { "lastUpdated" => call.began.to_instant_millis() },
        "type" => kind,
        "total" => i64::try_from(total).unwrap_or(i64::MAX),
    };
    if !links.is_empty() {
        bundle = bundle.with("link", links);
    }
    if !entries.is_empty() {
        bundle = bundle.with("entry", entries);
    }
    Reply::tree(StatusCode::OK, bundle)
}
