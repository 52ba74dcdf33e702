//! What queries mean, asked of the built-in definitions.

mod bounds;
mod covers;
mod kinds;
mod names;
mod results;

use std::sync::Arc;

use koppeltaal_core::Timestamp;
use koppeltaal_core::search::Condition;
use koppeltaal_fhir::json;
use koppeltaal_store::resource::Indexed;

use super::{Context, Query, parse};
use crate::catalog::Catalog;
use crate::matches::{Alone, Subject, matches_all};
use crate::outcome::Refusal;

pub const BASE: &str = "https://kt.example/fhir/r4";
/// 2026-11-22T00:00:00Z.
pub const NOW: Timestamp = Timestamp(1_795_305_600_000_000);

fn pairs(query: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), value.to_owned())
    };
    query.split('&').filter(|text| !text.is_empty()).map(pair).collect()
}

/// Reads a query whose values are not percent-encoded.
pub fn read_as(resource_type: &str, query: &str, is_strict: bool) -> Result<Query, Refusal> {
    let catalog = Catalog::built_in();
    let context = Context {
        catalog: &catalog,
        bases: &[BASE.to_owned()],
        now: NOW,
        is_strict,
        with_unready: false,
    };
    parse(resource_type, &pairs(query), &context)
}

pub fn read(resource_type: &str, query: &str) -> Query {
    read_as(resource_type, query, false).unwrap_or_else(|refusal| panic!("{query}: {refusal:?}"))
}

/// The one issue that a query is refused with: its code and text.
pub fn refused(resource_type: &str, query: &str) -> (&'static str, String) {
    let refusal = match read_as(resource_type, query, false) {
        Ok(read) => panic!("{query} is not refused: {read:?}"),
        Err(refusal) => refusal,
    };
    assert_eq!(refusal.status, 400);
    let [issue] = &refusal.issues[..] else { panic!("{query}: {:?}", refusal.issues) };
    (issue.code, issue.diagnostics.clone())
}

pub fn condition(resource_type: &str, query: &str) -> Condition {
    let mut query = read(resource_type, query);
    assert_eq!(query.conditions.len(), 1, "{query:?}");
    query.conditions.remove(0)
}

/// Whether a resource, indexed as the server does it, is found by a query.
pub fn finds(resource: &str, query: &str) -> bool {
    let catalog: Arc<Catalog> = Catalog::built_in();
    let node = json::parse(resource.as_bytes()).unwrap();
    let kind = node.resource_type().unwrap().to_owned();
    let Indexed { rows, words } = catalog.index(&node, Some(BASE));
    let subject = Subject {
        resource_type: &kind,
        id: "x-1",
        origin: "",
        updated: NOW,
        rows: &rows,
        words: &words,
    };
    matches_all(&read(&kind, query).conditions, &subject, &Alone)
}

/// A resource with the queries that find it and those that do not.
pub fn check(resource: &str, found: &[&str], not_found: &[&str]) {
    for query in found {
        assert!(finds(resource, query), "{query} finds it");
    }
    for query in not_found {
        assert!(!finds(resource, query), "{query} does not find it");
    }
}
