//! Whether one resource meets a condition, told from its rows in memory: for the
//! definitions, which are in no index table, and for subscriptions, whose criteria
//! are asked of one resource at a time. The store answers the same in SQL.

use koppeltaal_core::Timestamp;
use koppeltaal_core::search::{
    Condition, IndexRow, Place, Qualifier, Span, Target, Test, Values, Words,
};

/// A resource with its searchable values.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its type.
    pub resource_type: &'a str,
    /// Its logical id.
    pub id: &'a str,
    /// The Device that it comes from; empty when it comes from none.
    pub origin: &'a str,
    /// The time of its version.
    pub updated: Timestamp,
    /// Its rows, in any order.
    pub rows: &'a [IndexRow],
    /// Its words.
    pub words: &'a Words,
}

/// The other resources, for chains.
pub trait Neighbours {
    /// Whether there is a resource of this id that meets the target.
    fn is_there(&self, target: &Target, id: &str) -> bool;

    /// Whether a resource that meets `source` refers to this reference (`Type/id`)
    /// by this parameter.
    fn refers(&self, source: &Target, parameter: i64, reference: &str) -> bool;
}

/// No other resources: chains lead nowhere.
#[derive(Debug, Clone, Copy)]
pub struct Alone;

impl Neighbours for Alone {
    fn is_there(&self, _target: &Target, _id: &str) -> bool {
        false
    }

    fn refers(&self, _source: &Target, _parameter: i64, _reference: &str) -> bool {
        false
    }
}

/// Whether a resource meets a condition.
pub fn matches(condition: &Condition, subject: &Subject<'_>, others: &dyn Neighbours) -> bool {
    match condition {
        Condition::AnyOf(tests) => {
            subject.rows.iter().any(|row| tests.iter().any(|test| passes(test, row)))
        }
        Condition::Not(inner) => !matches(inner, subject, others),
        Condition::Id(ids) => ids.iter().any(|id| id == subject.id),
        Condition::Origin(devices) => devices.iter().any(|device| device == subject.origin),
        Condition::Updated(spans) => spans.iter().any(|span| holds(span, subject.updated)),
        Condition::Words(place, words) => {
            let all = match place {
                Place::Narrative => &subject.words.narrative,
                Place::Content => &subject.words.content,
            };
            words.iter().all(|word| all.contains(&format!(" {word} ")))
        }
        Condition::RefersTo { parameter, targets } => {
            let references = subject.rows.iter().filter(|row| row.parameter == *parameter);
            references.filter_map(|row| row.value.split_once('/')).any(|(name, id)| {
                let of_type = |target: &&Target| target.resource_type == name;
                targets.iter().filter(of_type).any(|target| others.is_there(target, id))
            })
        }
        Condition::ReferredBy { source, parameter } => {
            let reference = format!("{}/{}", subject.resource_type, subject.id);
            others.refers(source, *parameter, &reference)
        }
    }
}

/// Whether a resource meets all of these.
pub fn matches_all(
    conditions: &[Condition],
    subject: &Subject<'_>,
    others: &dyn Neighbours,
) -> bool {
    conditions.iter().all(|condition| matches(condition, subject, others))
}

fn passes(test: &Test, row: &IndexRow) -> bool {
    let has_value = match &test.value {
        Values::Any => true,
        Values::Is(value) => row.value == *value,
        Values::Between { from, to } => {
            let value = row.value.as_str();
            let is_in = |least: &str, most: &str, is_included: bool| {
                least < most || (is_included && least == most)
            };
            from.as_ref().is_none_or(|end| is_in(&end.value, value, end.is_included))
                && to.as_ref().is_none_or(|end| is_in(value, &end.value, end.is_included))
        }
        Values::Containing(part) => row.value.contains(part.as_str()),
    };
    let has_qualifier = match test.qualifier {
        Qualifier::Any => true,
        Qualifier::Is(qualifier) => row.qualifier == qualifier,
        Qualifier::AtMost(most) => row.qualifier <= most,
        Qualifier::AtLeast(least) => row.qualifier >= least,
    };
    test.parameter == row.parameter && has_value && has_qualifier
}

fn holds(span: &Span, time: Timestamp) -> bool {
    span.from.is_none_or(|from| time >= from) && span.until.is_none_or(|until| time < until)
}

#[cfg(test)]
pub mod tests;
