//! The subscriptions of one domain in memory, as they were at one number of the
//! counter of their changes.

use std::collections::HashMap;
use std::sync::Arc;

use koppeltaal_core::Timestamp;
use koppeltaal_core::search::IndexRow;
use koppeltaal_store::subscription::{State, Watch};

use super::criteria::{Criteria, Reading};
use super::index::{Index, Place};
use crate::catalog::Catalog;

/// A subscription that is to be told of something, or failed.
#[derive(Debug)]
pub struct Known {
    /// What the store says of it.
    pub watch: Watch,
    /// The type that it is about.
    pub kind: &'static str,
    /// Its criteria.
    pub criteria: Criteria,
}

impl Known {
    /// Reads a subscription; `None` when it is told of nothing.
    pub fn read(watch: Watch, reading: Reading<'_>) -> Option<Self> {
        if !matches!(watch.state, State::Active | State::Failed) {
            return None;
        }
        let (kind, criteria) = reading.read(&watch.criteria)?;
        Some(Self { watch, kind, criteria })
    }

    /// Whether it is told of anything at this time.
    pub fn is_running(&self, now: Timestamp) -> bool {
        self.watch.ends.is_none_or(|ends| now < ends)
    }
}

/// The subscriptions of a domain.
pub struct Registry {
    /// The number of the last change that is in here.
    pub counter: i64,
    /// What their criteria were read by.
    pub catalog: Arc<Catalog>,
    bases: Arc<[String]>,
    known: HashMap<i64, (Known, Place)>,
    index: Index,
    /// How many of each type are for deletions.
    on_delete: HashMap<&'static str, usize>,
}

impl Registry {
    /// None yet, in a domain with this FHIR base.
    pub fn new(catalog: Arc<Catalog>, bases: Arc<[String]>) -> Self {
        Self {
            counter: 0,
            catalog,
            bases,
            known: HashMap::new(),
            index: Index::default(),
            on_delete: HashMap::new(),
        }
    }

    /// What criteria are read with here.
    pub fn reading(&self) -> Reading<'_> {
        Reading { catalog: &self.catalog, bases: &self.bases }
    }

    /// Takes changes over: all that there are after [`Self::counter`], in their order,
    /// and maybe some that are known. `seen` is a number up to which there are no
    /// others.
    pub fn learn(&mut self, changes: &[Watch], seen: i64) {
        let known = self.counter;
        for watch in changes.iter().filter(|watch| watch.changed > known) {
            self.forget(watch.key);
            if let Some(known) = Known::read(watch.clone(), self.reading()) {
                self.add(known);
            }
            self.counter = watch.changed;
        }
        self.counter = self.counter.max(seen);
    }

    fn add(&mut self, known: Known) {
        let (kind, key) = (known.kind, known.watch.key);
        let place = match &known.criteria {
            Criteria::Met(conditions) => self.index.add(kind, key, conditions),
            Criteria::Dated | Criteria::Broken => self.index.add(kind, key, &[]),
        };
        if known.watch.on_delete {
            *self.on_delete.entry(kind).or_default() += 1;
        }
        self.known.insert(key, (known, place));
    }

    fn forget(&mut self, key: i64) {
        let Some((known, place)) = self.known.remove(&key) else { return };
        self.index.remove(known.kind, key, &place);
        if known.watch.on_delete
            && let Some(count) = self.on_delete.get_mut(known.kind)
        {
            *count -= 1;
        }
    }

    /// The subscriptions that a resource may match, in the order of their keys.
    pub fn candidates(&self, kind: &str, id: &str, rows: &[IndexRow]) -> Vec<&Known> {
        let keys = self.index.candidates(kind, id, rows);
        keys.iter().filter_map(|key| self.known.get(key)).map(|(known, _)| known).collect()
    }

    /// Whether any is told when a resource of this type is deleted.
    pub fn has_on_delete(&self, kind: &str) -> bool {
        self.on_delete.get(kind).is_some_and(|count| *count > 0)
    }

    /// The same subscriptions, as they are in the store, for criteria to be read anew.
    pub fn watches(&self) -> Vec<Watch> {
        let mut all: Vec<Watch> =
            self.known.values().map(|(known, _)| known.watch.clone()).collect();
        all.sort_unstable_by_key(|watch| watch.changed);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(key: i64, changed: i64, state: State, criteria: &str) -> Watch {
        Watch {
            key,
            origin: "d".to_owned(),
            instance: 1,
            state,
            changed,
            ends: None,
            on_delete: key == 1,
            criteria: criteria.to_owned(),
        }
    }

    fn registry() -> Registry {
        Registry::new(Catalog::built_in(), Arc::from([]))
    }

    fn keys(registry: &Registry, kind: &str) -> Vec<i64> {
        registry.candidates(kind, "1", &[]).iter().map(|known| known.watch.key).collect()
    }

    #[test]
    fn a_change_takes_the_place_of_what_was_known() {
        let mut all = registry();
        let ready = |key, changed| watch(key, changed, State::Active, "Task?");
        all.learn(&[ready(1, 1), ready(2, 2)], 2);
        assert_eq!((keys(&all, "Task"), all.counter), (vec![1, 2], 2));
        assert!(all.has_on_delete("Task") && !all.has_on_delete("Patient"));
        all.learn(
            &[watch(1, 3, State::Active, "Patient?"), watch(2, 4, State::Failed, "Task?")],
            4,
        );
        assert_eq!((keys(&all, "Task"), keys(&all, "Patient")), (vec![2], vec![1]));
        assert!(!all.has_on_delete("Task") && all.has_on_delete("Patient"));
        all.learn(&[watch(1, 5, State::Removed, "Patient?"), watch(2, 6, State::Off, "Task?")], 9);
        assert_eq!((keys(&all, "Task"), keys(&all, "Patient"), all.counter), (vec![], vec![], 9));
        assert!(!all.has_on_delete("Patient"));
    }

    #[test]
    fn what_is_learned_late_changes_nothing() {
        let mut all = registry();
        let early = [watch(1, 1, State::Active, "Task?")];
        let late = [watch(1, 2, State::Removed, "Task?"), watch(2, 3, State::Active, "Task?")];
        all.learn(&late, 3);
        all.learn(&early, 1);
        assert_eq!((keys(&all, "Task"), all.counter), (vec![2], 3));
    }

    #[test]
    fn criteria_that_nobody_can_read_are_asked_of_every_resource_of_their_type() {
        let mut all = registry();
        all.learn(
            &[watch(1, 1, State::Active, "Task?gone=1"), watch(2, 2, State::Active, "Gone?a=1")],
            2,
        );
        assert_eq!(keys(&all, "Task"), [1]);
        assert_eq!(all.candidates("Task", "1", &[])[0].criteria, Criteria::Broken);
        assert_eq!(keys(&all, "Patient"), [0_i64; 0]);
    }

    #[test]
    fn what_speaks_of_the_present_is_read_when_it_is_asked() {
        let mut all = registry();
        let of = |key, criteria| watch(key, key, State::Active, criteria);
        let born = "Patient?birthdate=ap2000";
        all.learn(&[of(1, born), of(2, "Patient?name=apfel")], 2);
        let found = all.candidates("Patient", "1", &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].criteria, Criteria::Dated);
    }
}
