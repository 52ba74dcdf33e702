//! What a search means, evaluated resource by resource in memory.

use std::cmp::Ordering;
use std::collections::HashSet;

use koppeltaal_core::Timestamp;
use koppeltaal_core::search::{
    Condition, IndexRow, Place, Qualifier, SortBy, SortKey, Test, Values,
};
use koppeltaal_store::resource::{Indexed, Stored};

/// A resource and what it is found by.
#[derive(Debug, Clone)]
pub struct Known {
    pub stored: Stored,
    pub indexed: Indexed,
}

impl Known {
    fn reference(&self) -> String {
        format!("{}/{}", self.stored.resource_type, self.stored.id)
    }

    /// The values that it has for a parameter.
    fn values(&self, parameter: i64) -> impl Iterator<Item = &str> {
        self.values_of(vec![parameter])
    }

    /// The values that it has for any of these parameters.
    fn values_of(&self, parameters: Vec<i64>) -> impl Iterator<Item = &str> {
        let is_of = move |row: &&IndexRow| parameters.contains(&row.parameter);
        let rows = self.indexed.rows.iter().filter(is_of);
        rows.map(|row| row.value.as_str())
    }
}

/// The resources of a type that meet all of these.
pub fn find<'a>(all: &'a [Known], resource_type: &str, conditions: &[Condition]) -> Vec<&'a Known> {
    let is_of_type =
        |known: &&Known| !known.stored.deleted && known.stored.resource_type == resource_type;
    let mut found: Vec<&Known> = all.iter().filter(is_of_type).collect();
    for condition in conditions {
        found = meeting(all, found, condition);
    }
    found
}

/// Those of `some` that meet this.
fn meeting<'a>(all: &[Known], some: Vec<&'a Known>, condition: &Condition) -> Vec<&'a Known> {
    let keep = |meets: &dyn Fn(&Known) -> bool| {
        some.iter().copied().filter(|known| meets(known)).collect()
    };
    match condition {
        Condition::AnyOf(tests) => keep(&|known| {
            tests.iter().any(|test| known.indexed.rows.iter().any(|row| passes(row, test)))
        }),
        Condition::Not(inner) => {
            let without = meeting(all, some.clone(), inner);
            let without: HashSet<i64> = without.iter().map(|known| known.stored.key).collect();
            keep(&|known| !without.contains(&known.stored.key))
        }
        Condition::Id(ids) => keep(&|known| ids.contains(&known.stored.id)),
        Condition::Origin(devices) => keep(&|known| devices.contains(&known.stored.origin)),
        Condition::Updated(spans) => keep(&|known| {
            let Timestamp(time) = known.stored.updated;
            spans.iter().any(|span| {
                span.from.is_none_or(|from| time >= from.0)
                    && span.until.is_none_or(|until| time < until.0)
            })
        }),
        Condition::Words(place, words) => keep(&|known| {
            let text = match place {
                Place::Narrative => &known.indexed.words.narrative,
                Place::Content => &known.indexed.words.content,
            };
            words.iter().all(|word| text.split(' ').any(|other| other == word))
        }),
        Condition::RefersTo { parameter, targets } => {
            let mut to = HashSet::new();
            for target in targets {
                let found = find(all, &target.resource_type, &target.conditions);
                to.extend(found.into_iter().map(Known::reference));
            }
            keep(&|known| known.values(*parameter).any(|value| to.contains(value)))
        }
        Condition::ReferredBy { source, parameter } => {
            let found = find(all, &source.resource_type, &source.conditions);
            let to: HashSet<&str> =
                found.into_iter().flat_map(|known| known.values(*parameter)).collect();
            keep(&|known| to.contains(known.reference().as_str()))
        }
    }
}

fn passes(row: &IndexRow, test: &Test) -> bool {
    let value = match &test.value {
        Values::Any => true,
        Values::Is(value) => row.value == *value,
        Values::Between { from, to } => {
            from.as_ref().is_none_or(|end| match row.value.cmp(&end.value) {
                Ordering::Greater => true,
                Ordering::Equal => end.is_included,
                Ordering::Less => false,
            }) && to.as_ref().is_none_or(|end| match row.value.cmp(&end.value) {
                Ordering::Less => true,
                Ordering::Equal => end.is_included,
                Ordering::Greater => false,
            })
        }
        Values::Containing(part) => row.value.contains(part.as_str()),
    };
    let qualifier = match test.qualifier {
        Qualifier::Any => true,
        Qualifier::Is(value) => row.qualifier == value,
        Qualifier::AtMost(value) => row.qualifier <= value,
        Qualifier::AtLeast(value) => row.qualifier >= value,
    };
    row.parameter == test.parameter && value && qualifier
}

/// Puts resources in order.
pub fn sort(found: &mut [&Known], keys: &[SortKey]) {
    found.sort_by(|a, b| {
        if keys.is_empty() {
            return b.stored.stamp.cmp(&a.stored.stamp);
        }
        let differs = keys.iter().map(|key| compare(a, b, key)).find(|order| order.is_ne());
        differs.unwrap_or_else(|| a.stored.key.cmp(&b.stored.key))
    });
}

fn compare(a: &Known, b: &Known, key: &SortKey) -> Ordering {
    let turned = |order: Ordering| if key.is_descending { order.reverse() } else { order };
    match &key.by {
        SortBy::Updated => turned(a.stored.stamp.cmp(&b.stored.stamp)),
        SortBy::Id => turned(a.stored.id.cmp(&b.stored.id)),
        SortBy::Parameter(parameters) => {
            let value = |known: &Known| {
                let values = known.values_of(parameters.clone()).map(str::to_owned);
                if key.is_descending { values.max() } else { values.min() }
            };
            match (value(a), value(b)) {
                (Some(a), Some(b)) => turned(a.cmp(&b)),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            }
        }
    }
}
