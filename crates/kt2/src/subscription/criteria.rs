//! The criteria of a subscription as conditions on rows: those of the search that
//! they are, asked of one resource.

use koppeltaal_core::Timestamp;
use koppeltaal_core::search::Condition;

use crate::catalog::Catalog;
use crate::kind;
use crate::query::{self, Context};
use crate::query_string::pairs;

/// Criteria that were understood once.
#[derive(Debug, PartialEq, Eq)]
pub enum Criteria {
    /// All of these.
    Met(Vec<Condition>),
    /// They speak of the present (`ap`), so they are read when they are asked.
    Dated,
    /// They can no longer be read: a parameter is gone.
    Broken,
}

/// What criteria are read with.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The definitions of the domain.
    pub catalog: &'a Catalog,
    /// All spellings of its FHIR base.
    pub bases: &'a [String],
}

/// The type that criteria are about, when it is one that is exchanged.
pub fn kind_of(text: &str) -> Option<&'static str> {
    let name = text.split('?').next().unwrap_or_default();
    kind::named(name).filter(|kind| !kind::is_conformance(kind))
}

impl Reading<'_> {
    /// Reads criteria; with their type.
    pub fn read(&self, text: &str) -> Option<(&'static str, Criteria)> {
        let kind = kind_of(text)?;
        // Whether the present matters shows in what becomes of them at two times.
        const LATER: Timestamp = Timestamp(4_000_000_000_000_000);
        let Some(conditions) = self.conditions(kind, text, Timestamp(0)) else {
            return Some((kind, Criteria::Broken));
        };
        let is_dated =
            text.contains("ap") && self.conditions(kind, text, LATER).as_ref() != Some(&conditions);
        Some((kind, if is_dated { Criteria::Dated } else { Criteria::Met(conditions) }))
    }

    /// The conditions that criteria stand for at a time.
    pub fn conditions(&self, kind: &str, text: &str, now: Timestamp) -> Option<Vec<Condition>> {
        let (_, search) = text.split_once('?')?;
        let pairs = pairs(Some(search)).ok()?;
        let context = Context {
            catalog: self.catalog,
            bases: self.bases,
            now,
            is_strict: true,
            with_unready: false,
        };
        let parsed = query::parse(kind, &pairs, &context);
        // A parameter that does not cover every resource yet covers the one in hand.
        let parsed = parsed
            .or_else(|_| query::parse(kind, &pairs, &Context { with_unready: true, ..context }));
        parsed.ok().map(|query| query.conditions)
    }
}

/// Whether a condition depends on the time of a version, which is given with it.
pub fn is_timed(condition: &Condition) -> bool {
    match condition {
        Condition::Updated(_) => true,
        Condition::Not(inner) => is_timed(inner),
        _ => false,
    }
}
