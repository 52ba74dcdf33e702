//! The subscriptions of a domain by what a resource must have to match them, so that
//! a write looks at those that may match and at no others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use koppeltaal_core::search::{Condition, IndexRow};

use super::anchor::{Anchor, anchors};

/// Keys of subscriptions.
type Keys = BTreeSet<i64>;

/// Where a subscription stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Under each of these.
    Under(Vec<Anchor>),
    /// Among those that are asked of every resource of the type.
    Rest,
}

/// The subscriptions, by type.
#[derive(Debug, Default)]
pub struct Index(HashMap<&'static str, OfType>);

/// Those of a type.
#[derive(Debug, Default)]
struct OfType {
    ids: HashMap<String, Keys>,
    parameters: HashMap<i64, OfParameter>,
    rest: Keys,
}

/// Those that look at a parameter.
#[derive(Debug, Default)]
struct OfParameter {
    exact: HashMap<String, Keys>,
    beginnings: HashMap<String, Keys>,
    /// The lengths of those beginnings, and how many there are of each.
    lengths: BTreeMap<usize, usize>,
    any: Keys,
}

impl OfParameter {
    fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.beginnings.is_empty() && self.any.is_empty()
    }
}

impl Index {
    /// Adds a subscription under the condition that, as things are, leads to the
    /// fewest others.
    pub fn add(&mut self, kind: &'static str, key: i64, conditions: &[Condition]) -> Place {
        let of_type = self.0.entry(kind).or_default();
        let choices = conditions.iter().filter_map(anchors);
        let best = choices.min_by_key(|choice| {
            let others: usize = choice.iter().map(|anchor| of_type.crowd(anchor)).sum();
            (others, choice.len())
        });
        match best {
            Some(best) => {
                best.iter().for_each(|anchor| of_type.put(anchor, key));
                Place::Under(best)
            }
            None => {
                of_type.rest.insert(key);
                Place::Rest
            }
        }
    }

    /// Takes a subscription out.
    pub fn remove(&mut self, kind: &'static str, key: i64, place: &Place) {
        let Some(of_type) = self.0.get_mut(kind) else { return };
        match place {
            Place::Under(anchors) => anchors.iter().for_each(|anchor| of_type.take(anchor, key)),
            Place::Rest => drop(of_type.rest.remove(&key)),
        }
    }

    /// The subscriptions that a resource may match, in the order of their keys.
    pub fn candidates(&self, kind: &str, id: &str, rows: &[IndexRow]) -> Keys {
        let Some(of_type) = self.0.get(kind) else { return Keys::new() };
        let mut found = of_type.rest.clone();
        found.extend(of_type.ids.get(id).into_iter().flatten());
        for row in rows {
            let Some(parameter) = of_type.parameters.get(&row.parameter) else { continue };
            found.extend(&parameter.any);
            found.extend(parameter.exact.get(&row.value).into_iter().flatten());
            for length in parameter.lengths.keys() {
                let Some(beginning) = row.value.get(..*length) else { continue };
                found.extend(parameter.beginnings.get(beginning).into_iter().flatten());
            }
        }
        found
    }
}

impl OfType {
    /// How many stand under an anchor. What every resource has that has the parameter
    /// is worse than any value.
    fn crowd(&self, anchor: &Anchor) -> usize {
        let parameter = |number: &i64| self.parameters.get(number);
        let count = |keys: Option<&Keys>| keys.map_or(0, BTreeSet::len);
        match anchor {
            Anchor::Id(id) => count(self.ids.get(id)),
            Anchor::Exact(number, value) => {
                count(parameter(number).and_then(|found| found.exact.get(value)))
            }
            Anchor::Beginning(number, beginning) => {
                1 + count(parameter(number).and_then(|found| found.beginnings.get(beginning)))
            }
            Anchor::Row(number) => 1_000 + count(parameter(number).map(|found| &found.any)),
        }
    }

    fn put(&mut self, anchor: &Anchor, key: i64) {
        match anchor {
            Anchor::Id(id) => drop(self.ids.entry(id.clone()).or_default().insert(key)),
            Anchor::Exact(number, value) => {
                let found = self.parameters.entry(*number).or_default();
                found.exact.entry(value.clone()).or_default().insert(key);
            }
            Anchor::Beginning(number, beginning) => {
                let found = self.parameters.entry(*number).or_default();
                let keys = found.beginnings.entry(beginning.clone()).or_default();
                if keys.is_empty() {
                    *found.lengths.entry(beginning.len()).or_default() += 1;
                }
                keys.insert(key);
            }
            Anchor::Row(number) => {
                self.parameters.entry(*number).or_default().any.insert(key);
            }
        }
    }

    fn take(&mut self, anchor: &Anchor, key: i64) {
        match anchor {
            Anchor::Id(id) => drop(leave(&mut self.ids, id, key)),
            Anchor::Exact(number, _) | Anchor::Beginning(number, _) | Anchor::Row(number) => {
                let Some(found) = self.parameters.get_mut(number) else { return };
                match anchor {
                    Anchor::Exact(_, value) => drop(leave(&mut found.exact, value, key)),
                    Anchor::Beginning(_, beginning) => {
                        if leave(&mut found.beginnings, beginning, key) {
                            forget_length(&mut found.lengths, beginning.len());
                        }
                    }
                    _ => drop(found.any.remove(&key)),
                }
                if found.is_empty() {
                    self.parameters.remove(number);
                }
            }
        }
    }
}

/// Takes a key out of a list; true when nothing is left of that, and it is gone too.
fn leave(lists: &mut HashMap<String, Keys>, name: &str, key: i64) -> bool {
    let Some(keys) = lists.get_mut(name) else { return false };
    keys.remove(&key);
    let is_empty = keys.is_empty();
    if is_empty {
        lists.remove(name);
    }
    is_empty
}

fn forget_length(lengths: &mut BTreeMap<usize, usize>, length: usize) {
    if let Some(count) = lengths.get_mut(&length) {
        *count -= 1;
        if *count == 0 {
            lengths.remove(&length);
        }
    }
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
