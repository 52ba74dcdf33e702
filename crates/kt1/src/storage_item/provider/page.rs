//! A search at a provider. The link to its next page stays here: the client gets it sealed, bound to
//! who searches, so that it leads to nothing but the page after this one.

use http::Method;
use koppeltaal_core::directory::Secret;
use koppeltaal_fhir::dstu1::reference::{identity, split_version};
use koppeltaal_fhir::dstu1::{Bundle, StorageItem};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::answer;
use super::{Item, Provider, call};
use crate::answer::Refusal;
use crate::app::Inner;
use crate::call::{Call, Caller};
use crate::feed;
use crate::storage_item::criteria;

/// The most items of a page: with their content it has to be held in memory.
const COUNT: i64 = 20;
/// The most bytes of a page that are read.
const PAGE_BYTES: usize = 32 << 20;
/// The longest link to a next page.
const MAX_LINK: usize = 2000;

/// A page of items of the caller.
pub(in super::super) struct Found {
    pub(in super::super) items: Vec<Item>,
    pub(in super::super) total: i64,
    /// Items on a page.
    pub(in super::super) count: i64,
    /// What the link to the next page carries.
    pub(in super::super) next: Option<String>,
}

impl Provider<'_> {
    /// Searches there, about this patient if one is named.
    pub(in super::super) async fn search(
        &self,
        app: &Inner,
        call: &Call,
        caller: &Caller,
        patient: Option<&str>,
    ) -> Result<Found, Refusal> {
        let count = feed::count(call).min(COUNT);
        let bond = bond(caller, patient);
        let query = match call.query.get(feed::AFTER) {
            Some(sealed) => opened(app, sealed, &bond).ok_or_else(|| {
                Refusal::bad_request("value", "This link to a next page is not of this server.")
            })?,
            None => first(call, caller, patient, count),
        };
        let request = call::Request::plain(Method::GET, format!("{}/Other?{query}", self.base));
        let reply = self.ask(app, call, caller, request, PAGE_BYTES).await?;
        answer::check(&reply, call, caller, "")?;
        // A page can be large: it is read beside the runtime, so that nobody waits for it.
        let (base, whose) = (self.base.to_owned(), caller.clone());
        let only = patient.map(str::to_owned);
        let read = move || read(&reply, &whose, only.as_deref(), &base);
        let read = tokio::task::spawn_blocking(read).await.ok().flatten();
        let Read { items, total, next } = read.ok_or_else(|| answer::garbage(call, caller))?;
        let next = next.map(|query| sealed(app, &query, &bond)).transpose()?;
        Ok(Found { items, total, count, next })
    }
}

/// The query of a first page.
fn first(call: &Call, caller: &Caller, patient: Option<&str>, count: i64) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut query = format!(
        "code=StorageItem&applicationIdentifier={}&domainName={}&_count={count}",
        encoded(&caller.application.id),
        encoded(&caller.domain.name)
    );
    let mut push = |name: &str, value: &str| {
        query.push_str(&format!("&{name}={}", encoded(value)));
    };
    if let Some(patient) = patient {
        push("patient", patient);
    }
    for name in criteria::NAMES {
        for value in call.query.all(name) {
            push(name, if name == "_id" { criteria::plain_id(value) } else { value });
        }
    }
    if feed::page(call) > 1 {
        push("page", &feed::page(call).to_string());
    }
    query
}

/// What a page says.
struct Read {
    items: Vec<Item>,
    total: i64,
    next: Option<String>,
}

fn read(
    reply: &http::Response<Vec<u8>>,
    caller: &Caller,
    patient: Option<&str>,
    base: &str,
) -> Option<Read> {
    let node = answer::resource(reply)?;
    let total = node.get("totalResults").and_then(|total| total.text()?.parse::<i64>().ok());
    let bundle = Bundle::from_node(node).ok()?;
    let entries = bundle.entry.len();
    let mut items = Vec::new();
    for entry in bundle.entry {
        let link = entry.self_link().or(entry.id.as_deref()).unwrap_or_default().to_owned();
        let content = entry.content?;
        let id = content.get("id").and_then(|id| id.text()).map(criteria::plain_id);
        let id = id.or_else(|| answer::id_of(&link))?.to_owned();
        super::check_id(&id).ok()?;
        let version = split_version(&link).1.map(String::from);
        let theirs = answer::theirs(&content, caller, &id, version)?;
        let about = StorageItem::of(&theirs.node).and_then(StorageItem::patient).map(identity);
        let is_asked = patient.is_none() || about == patient;
        items.extend(theirs.shown().filter(|_| is_asked));
    }
    let kept = i64::try_from(items.len()).unwrap_or(i64::MAX);
    // A provider that shows items of others counts them, too.
    let total = total.filter(|_| items.len() == entries).unwrap_or(kept).max(kept);
    let next = bundle.link.iter().find(|link| link.rel == "next");
    let next = next.and_then(|link| query_of(&link.href, base)).map(str::to_owned);
    Some(Read { items, total, next })
}

/// The query of a link that leads to `Other` at this provider.
fn query_of<'a>(link: &'a str, base: &str) -> Option<&'a str> {
    let (path, query) = link.split_once('?')?;
    let path = path.strip_prefix(base)?.trim_end_matches('/');
    let is_search = path == "/Other" || path == "/Other/_search";
    (is_search && query.len() <= MAX_LINK && !query.contains('#')).then_some(query)
}

/// Whom a link to a next page is for.
fn bond(caller: &Caller, patient: Option<&str>) -> String {
    format!(
        "storage page\n{}\n{}\n{}\n",
        caller.domain.number,
        caller.application.number,
        patient.unwrap_or_default()
    )
}

fn sealed(app: &Inner, query: &str, bond: &str) -> Result<String, Refusal> {
    let sealed = app.parts.seal.seal(&format!("{bond}{query}"))?;
    Ok(format!("{}={}", feed::AFTER, utf8_percent_encode(&sealed.0, NON_ALPHANUMERIC)))
}

fn opened(app: &Inner, sealed: &str, bond: &str) -> Option<String> {
    let text = app.parts.seal.open(&Secret(sealed.to_owned())).ok()?;
    text.strip_prefix(bond).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_link_leads_to_the_same_collection_or_nowhere() {
        let base = "https://p.example/fhir";
        for (link, query) in [
            ("https://p.example/fhir/Other?page=2", Some("page=2")),
            ("https://p.example/fhir/Other/_search?a=b&c=d", Some("a=b&c=d")),
            ("https://p.example/fhir/Other", None),
            ("https://p.example/fhir/Patient?page=2", None),
            ("https://p.example/fhir/Other/../Patient?page=2", None),
            ("https://other.example/fhir/Other?page=2", None),
            ("https://p.example/fhir.other.example/Other?page=2", None),
            ("https://p.example/fhir/Other?page=2#x", None),
        ] {
            assert_eq!(query_of(link, base), query, "{link}");
        }
    }
}
