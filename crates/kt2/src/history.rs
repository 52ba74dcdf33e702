//! History of a resource, and of all resources of a type: versions, the newest
//! first, deletions too, a page at a time (FHIR R4, 3.1.0.11; TOP-KT-002a).

use http::StatusCode;
use koppeltaal_core::permission::{Operation, Reach};
use koppeltaal_core::{Result as CoreResult, Timestamp};
use koppeltaal_fhir::r4::search::span;
use koppeltaal_fhir::{Node, object};
use koppeltaal_store::DomainTx;
use koppeltaal_store::resource::Stored;
use serde::{Deserialize, Serialize};

use crate::access;
use crate::bundle::{Bundle, Links, url};
use crate::call::Call;
use crate::catalog::Catalog;
use crate::kept;
use crate::outcome::Refusal;
use crate::page_link::{self, Bound, PARAMETER};
use crate::query::{DEFAULT_COUNT, MOST_COUNT, with_plus};
use crate::record::shown;
use crate::reply::{Reply, etag};
use crate::shape::shaped;

/// Pages that can be gone back to one after the other.
const MOST_EARLIER: usize = 20;

/// Answers `GET [type]/[id]/_history`. Versions stay readable when the resource is
/// deleted.
pub async fn of_instance(
    call: &Call,
    kind: &'static str,
    id: &str,
    pairs: Vec<(String, String)>,
) -> Result<Reply, Refusal> {
    let key = id.to_owned();
    let found = call.scope().read(move |tx| kept::read(tx, kind, &key)).await?;
    let current = access::decide(call, Operation::Read, kind, found)?;
    let path = format!("{kind}/{id}/_history");
    let asked = Asked::read(call, &path, &pairs)?;
    let wanted = asked.clone();
    let page = call.scope().read(move |tx| versions(tx, &current, &wanted)).await?;
    answer(call, &path, &pairs, &asked, page)
}

/// Answers `GET [type]/_history`, narrowed to what the caller may read.
pub async fn of_type(
    call: &Call,
    kind: &'static str,
    pairs: Vec<(String, String)>,
) -> Result<Reply, Refusal> {
    let origins: Option<Vec<String>> = match access::reach(call, Operation::Read, kind) {
        Reach::All => None,
        Reach::Of(devices) => Some(devices.into_iter().map(str::to_owned).collect()),
        Reach::Nothing => return Err(Refusal::forbidden()),
    };
    let path = format!("{kind}/_history");
    let asked = Asked::read(call, &path, &pairs)?;
    let (wanted, catalog) = (asked.clone(), call.catalog.clone());
    let page = call
        .scope()
        .read(move |tx| versions_of_type(tx, &catalog, kind, origins.as_deref(), &wanted))
        .await?;
    answer(call, &path, &pairs, &asked, page)
}

/// A page that is asked for; the link of a page holds the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    /// Versions on a page.
    #[serde(rename = "c")]
    count: usize,
    /// Only what was made at this time or later, in microseconds.
    #[serde(rename = "s")]
    since: Option<i64>,
    /// How many there are on all pages; counted with the first.
    #[serde(rename = "t")]
    total: Option<i64>,
    /// The version or stamp below which the page begins.
    #[serde(rename = "b")]
    before: Option<i64>,
    /// Where the pages before begin, the nearest last.
    #[serde(rename = "e")]
    earlier: Vec<Option<i64>>,
    /// The parameters of the first page.
    #[serde(rename = "q")]
    pairs: Vec<(String, String)>,
}

/// Versions, and where the next page begins.
struct Page {
    versions: Vec<Stored>,
    total: i64,
    next: Option<i64>,
}

impl Asked {
    fn read(call: &Call, path: &str, pairs: &[(String, String)]) -> Result<Self, Refusal> {
        if let Some((_, text)) = pairs.iter().find(|(name, _)| name == PARAMETER) {
            return page_link::open(&Bound::to(call, &place(path)), text);
        }
        let mut asked = Self {
            count: DEFAULT_COUNT,
            since: None,
            total: None,
            before: None,
            earlier: Vec::new(),
            pairs: Vec::new(),
        };
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            let bad = |told: &str| {
                let told = format!("`{name}` {told}.");
                Err(Refusal::bad_request("value", told).at(&format!("http.{name}")))
            };
            match name.as_str() {
                "_count" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                    asked.count = value.parse().unwrap_or(MOST_COUNT).min(MOST_COUNT);
                }
                "_count" => return bad("is a whole number, 0 or greater"),
                "_since" => match span(&with_plus(value)) {
                    Some((from, _)) => asked.since = Some(from),
                    None => return bad("is an instant as in 2024-05-31T10:00:00Z"),
                },
                "_at" | "_list" => {
                    let told = format!("`{name}` is not supported.");
                    return Err(Refusal::bad_request("not-supported", told));
                }
                "_summary" if value == "count" => asked.count = 0,
                "_format" | "_pretty" | "_summary" | "_elements" => {}
                // A history has no place for warnings.
                _ if !call.wants.is_strict => continue,
                _ => {
                    let name: String = name.chars().take(60).collect();
                    let told = format!("A history has no parameter `{name}`.");
                    return Err(Refusal::bad_request("not-supported", told));
                }
            }
            asked.pairs.push((name.clone(), value.clone()));
        }
        Ok(asked)
    }

    fn next(&self, page: &Page) -> Option<Self> {
        let mut earlier = self.earlier.clone();
        earlier.push(self.before);
        if earlier.len() > MOST_EARLIER {
            earlier.remove(0);
        }
        let before = Some(page.next?);
        Some(Self { before, earlier, total: Some(page.total), ..self.clone() })
    }

    fn previous(&self) -> Option<Self> {
        let mut earlier = self.earlier.clone();
        let before = earlier.pop()?;
        Some(Self { before, earlier, ..self.clone() })
    }

    /// The URL of the page.
    fn url(&self, call: &Call, path: &str) -> Option<String> {
        let path_url = format!("{}/{path}", call.base);
        if self.before.is_none() {
            let pairs = self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            return Some(url(&path_url, pairs));
        }
        let text = page_link::seal(&Bound::to(call, &place(path)), self)?;
        let pairs = [(PARAMETER, text.as_str())];
        Some(url(&path_url, pairs.into_iter().chain(page_link::shown(&self.pairs))))
    }
}

fn place(path: &str) -> String {
    format!("history/{path}")
}

fn versions(tx: &mut DomainTx<'_>, current: &Stored, asked: &Asked) -> CoreResult<Page> {
    let (first, count) = kept::versions_since(tx, current, asked.since.map(Timestamp))?;
    let total = asked.total.unwrap_or(count);
    let mut versions = match asked.count {
        0 => Vec::new(),
        count => kept::history(tx, current, asked.before, limit(count))?,
    };
    versions.retain(|version| version.version >= first);
    let last = versions.last().map(|last| last.version);
    let is_full = versions.len() == asked.count;
    let next = last.filter(|last| is_full && *last > first);
    Ok(Page { versions, total, next })
}

fn versions_of_type(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    kind: &'static str,
    origins: Option<&[String]>,
    asked: &Asked,
) -> CoreResult<Page> {
    let since = asked.since.map(Timestamp);
    let total = |tx: &mut DomainTx<'_>| match asked.total {
        Some(total) => Ok(total),
        None => kept::type_history_count(tx, catalog, kind, origins, since),
    };
    if asked.count == 0 {
        return Ok(Page { versions: Vec::new(), total: total(tx)?, next: None });
    }
    let limit = limit(asked.count.saturating_add(1));
    let mut versions = kept::type_history(tx, catalog, kind, origins, asked.before, since, limit)?;
    let has_more = versions.len() > asked.count;
    versions.truncate(asked.count);
    let total = match has_more || asked.before.is_some() {
        true => total(tx)?,
        false => i64::try_from(versions.len()).unwrap_or(i64::MAX),
    };
    let next = versions.last().map(|last| last.stamp).filter(|_| has_more);
    Ok(Page { versions, total, next })
}

fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn answer(
    call: &Call,
    path: &str,
    pairs: &[(String, String)],
    asked: &Asked,
    page: Page,
) -> Result<Reply, Refusal> {
    let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let first = Asked { before: None, earlier: Vec::new(), ..asked.clone() };
    let links = Links {
        this: match asked.before {
            None => asked.url(call, path).unwrap_or_default(),
            Some(_) => url(&format!("{}/{path}", call.base), pairs),
        },
        first: first.url(call, path),
        previous: asked.previous().and_then(|previous| previous.url(call, path)),
        next: asked.next(&page).and_then(|next| next.url(call, path)),
    };
    let mut bundle = Bundle::new("history", page.total, &links);
    for version in &page.versions {
        let (request, response) = exchange(call, version);
        let full_url = format!("{}/{}/{}", call.base, version.resource_type, version.id);
        let text = match version.deleted {
            true => None,
            false => Some(shaped(version.render(), &call.wants, &call.catalog)?),
        };
        bundle.version(&full_url, text.as_deref(), &request, &response);
    }
    Ok(Reply::text(StatusCode::OK, bundle.finish()).showing(page.versions.iter().map(shown)))
}

/// The request that made a version, and what was answered.
fn exchange(call: &Call, version: &Stored) -> (Node, Node) {
    let (kind, id) = (version.resource_type, &version.id);
    let (method, url, status) = match version {
        Stored { deleted: true, .. } => ("DELETE", format!("{kind}/{id}"), "200 OK"),
        Stored { version: 1, .. } => ("POST", kind.to_owned(), "201 Created"),
        _ => ("PUT", format!("{kind}/{id}"), "200 OK"),
    };
    let response = object! {
        "status" => status,
        "location" => call.version_url(kind, id, version.version),
        "etag" => etag(version.version),
        "lastModified" => version.updated.to_instant_millis(),
    };
    (object! { "method" => method, "url" => url }, response)
}

#[cfg(test)]
mod tests;
