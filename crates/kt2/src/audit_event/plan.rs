//! A search of AuditEvents as the trail can answer it: shapes, dates, look-ups; and
//! what is left to be asked of each event.

use std::collections::HashSet;

use koppeltaal_core::search::{Condition, Span};
use koppeltaal_core::{Error, Result};
use koppeltaal_store::DomainTx;
use koppeltaal_store::audit::{self, Lookup, Order, OrderBy, Wanted};

use super::numbers::Numbers;
use super::skeleton::skeletons;
use crate::catalog::Catalog;
use crate::matches::{Alone, matches};

/// What one search looks up at most: each is asked for by day, and statements have a bound.
const MOST_LOOKUPS: usize = 500;

/// What is asked of the trail and of its events.
pub struct Plan {
    /// The candidates; absent when there can be none.
    pub wanted: Option<Wanted>,
    /// What each of them is still to meet. Nothing: they are the results.
    pub rest: Vec<Condition>,
}

/// All events, the newest first.
pub fn everything() -> Wanted {
    Wanted {
        shapes: None,
        dates: Vec::new(),
        written: Vec::new(),
        lookups: Vec::new(),
        keys: None,
        order: Order { by: OrderBy::Key, is_descending: true },
        after: None,
        limit: i64::MAX,
    }
}

/// Who answers a condition.
enum By<'a> {
    Shape(&'a Condition),
    Dates(Vec<Span>),
    Written(Vec<Span>),
    Lookups(Vec<Lookup>),
    Ids(&'a [String]),
    Each(&'a Condition),
}

/// Plans a search.
pub fn plan(tx: &mut DomainTx<'_>, catalog: &Catalog, conditions: &[Condition]) -> Result<Plan> {
    let numbers = catalog.skeletons.numbers(catalog);
    let (mut wanted, mut rest, mut of_shape) = (everything(), Vec::new(), Vec::new());
    for condition in conditions {
        match by(numbers, condition) {
            By::Shape(condition) => of_shape.push(condition),
            By::Dates(spans) => wanted.dates.push(spans),
            By::Written(spans) => wanted.written.push(spans),
            By::Lookups(lookups) => wanted.lookups.push(lookups),
            By::Each(condition) => rest.push(condition.clone()),
            By::Ids(ids) => {
                let keys = keys_of(tx, ids)?;
                let known = wanted.keys.take();
                let both = |key: &i64| known.as_ref().is_none_or(|known| known.contains(key));
                wanted.keys = Some(keys.into_iter().filter(both).collect());
            }
        }
    }
    if wanted.lookups.iter().map(Vec::len).sum::<usize>() > MOST_LOOKUPS {
        return Err(Error::Unprocessable(format!(
            "A search names at most {MOST_LOOKUPS} resources and requests that AuditEvents refer to."
        )));
    }
    if !of_shape.is_empty() {
        let all = skeletons(tx, catalog)?;
        let is_met = |subject| of_shape.iter().all(|one| matches(one, &subject, &Alone));
        let found = all.iter().filter(|(_, skeleton)| is_met(skeleton.subject()));
        let mut numbers: Vec<i64> = found.map(|(number, _)| *number).collect();
        let is_all = numbers.len() == all.len();
        if audit::may_hold_own_shapes(tx, all.len())? {
            numbers.push(audit::OWN_SHAPE);
            rest.extend(of_shape.into_iter().cloned());
        }
        // All shapes there are: that narrows nothing.
        if !is_all || all.is_empty() {
            wanted.shapes = Some(numbers);
        }
    }
    let is_void = wanted.shapes.as_ref().is_some_and(Vec::is_empty)
        || wanted.keys.as_ref().is_some_and(Vec::is_empty)
        || wanted.dates.iter().chain(&wanted.written).any(Vec::is_empty)
        || wanted.lookups.iter().any(Vec::is_empty);
    Ok(Plan { wanted: (!is_void).then_some(wanted), rest })
}

fn by<'a>(numbers: &Numbers, condition: &'a Condition) -> By<'a> {
    if is_of_shape(numbers, condition) {
        return By::Shape(condition);
    }
    match condition {
        Condition::Id(ids) => By::Ids(ids),
        Condition::Updated(spans) => By::Written(spans.clone()),
        Condition::AnyOf(tests) => {
            if let Some(spans) = tests.iter().map(|test| numbers.span(test)).collect() {
                return By::Dates(spans);
            }
            match tests.iter().map(|test| numbers.lookup(test)).collect() {
                Some(lookups) => By::Lookups(lookups),
                None => By::Each(condition),
            }
        }
        _ => By::Each(condition),
    }
}

fn is_of_shape(numbers: &Numbers, condition: &Condition) -> bool {
    match condition {
        Condition::Origin(_) => true,
        Condition::AnyOf(tests) => tests.iter().all(|test| numbers.is_of_shape(test)),
        Condition::Not(inner) => is_of_shape(numbers, inner),
        _ => false,
    }
}

fn keys_of(tx: &mut DomainTx<'_>, ids: &[String]) -> Result<Vec<i64>> {
    let ids: HashSet<&String> = ids.iter().collect();
    let mut keys = Vec::with_capacity(ids.len());
    for id in ids {
        keys.extend(audit::event(tx, id)?.map(|event| event.key));
    }
    Ok(keys)
}
