//! Bundles that answer searches, with their paging links (spec 1.3, 1.6).

use koppeltaal_core::Timestamp;
use koppeltaal_fhir::dstu1::{Bundle, Entry, Link};
use koppeltaal_fhir::{Node, object};

use crate::answer::Answer;
use crate::app::Inner;
use crate::call::Call;

/// How many entries a page has at most.
pub const MAX_COUNT: i64 = 1000;
/// How many it has when the client does not say.
pub const DEFAULT_COUNT: i64 = 100;

/// The page a client asks for: odd values mean the default, large ones are
/// capped.
pub fn count(call: &Call) -> i64 {
    let asked = call.query.get("_count").and_then(|text| text.parse::<i64>().ok());
    asked.filter(|count| *count >= 1).unwrap_or(DEFAULT_COUNT).min(MAX_COUNT)
}

/// The number of the page, from 1.
pub fn page(call: &Call) -> i64 {
    let asked = call.query.get("page").and_then(|text| text.parse::<i64>().ok());
    asked.filter(|page| (1..=1_000_000_000).contains(page)).unwrap_or(1)
}

/// A page of a search.
#[derive(Debug)]
pub struct Found {
    /// The collection that was searched, as the title names it.
    pub collection: &'static str,
    /// The entries.
    pub entry: Vec<Entry>,
    /// How many there are in all.
    pub total: i64,
    /// Which page this is, and how large pages are; `None` for an answer that
    /// is never paged.
    pub paging: Option<Paging>,
}

/// Where a page stands.
#[derive(Debug, Clone)]
pub struct Paging {
    /// The number of the page.
    pub page: i64,
    /// Entries on a page.
    pub count: i64,
    /// What the link to the next page carries besides the number; `None` when
    /// there is no next page.
    pub next: Option<String>,
}

/// The bundle of a page.
pub fn bundle(app: &Inner, call: &Call, found: Found) -> Node {
    let root = app.links.base.strip_suffix("/FHIR/Koppeltaal").unwrap_or(&app.links.base);
    let query = call.query.without(&["page", AFTER]);
    let link_to = |page: Option<i64>, more: &str| {
        let mut parts: Vec<String> = Vec::new();
        if !query.is_empty() {
            parts.push(query.clone());
        }
        if let Some(page) = page {
            parts.push(format!("page={page}"));
        }
        if !more.is_empty() {
            parts.push(more.to_owned());
        }
        let separator = if parts.is_empty() { "" } else { "?" };
        format!("{root}{}{separator}{}", call.asked_path, parts.join("&"))
    };
    let mut link = vec![Link::new("fhir-base", &app.links.base)];
    match &found.paging {
        None => link.push(Link::new("self", link_to(None, ""))),
        Some(paging) => {
            let last = ((found.total + paging.count - 1) / paging.count).max(1).max(paging.page);
            let at = |page| link_to(Some(page), "");
            link.push(Link::new("self", at(paging.page)));
            link.push(Link::new("first", at(1)));
            if paging.page > 1 {
                link.push(Link::new("previous", at(paging.page - 1)));
            }
            if let Some(next) = &paging.next {
                link.push(Link::new("next", link_to(Some(paging.page + 1), next)));
            }
            let last = if paging.next.is_some() { last.max(paging.page + 1) } else { last };
            link.push(Link::new("last", at(last)));
        }
    }
    Bundle {
        id: Some(format!("urn:uuid:{}", uuid::Uuid::new_v4())),
        title: Some(format!("Search on resources in collection '{}'", found.collection)),
        updated: Some(fine_instant(app.now())),
        author: Some(author(app)),
        category: Vec::new(),
        link,
        entry: found.entry,
    }
    .into_node_with_total(u64::try_from(found.total).unwrap_or(0))
}

/// An empty result; never with a `next` link, which clients would follow.
pub fn nothing(app: &Inner, call: &Call, collection: &'static str) -> Answer {
    Answer::tree(bundle(app, call, Found { collection, entry: Vec::new(), total: 0, paging: None }))
}

/// The parameter of a `next` link that names the last item of the page before.
pub const AFTER: &str = "_after";

/// The author of every feed of this server.
pub fn author(app: &Inner) -> Node {
    object! { "name" => app.parts.settings.server_name.as_str() }
}

/// An instant with microseconds, as feeds carry it.
pub fn fine_instant(time: Timestamp) -> String {
    let instant = time.to_instant();
    let (seconds, offset) = instant.split_at(19);
    format!("{seconds}.{:06}{offset}", time.0.rem_euclid(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_keeps_its_microseconds() {
        let time: Timestamp = "2024-01-05T10:00:00.123456Z".parse().unwrap();
        assert_eq!(fine_instant(time), "2024-01-05T10:00:00.123456+00:00");
    }
}
