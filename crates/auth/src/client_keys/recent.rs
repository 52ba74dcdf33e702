//! A map of bounded size, for what is remembered of others: at its limit, what was
//! not used for the longest makes room.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::Hash;

use koppeltaal_core::Timestamp;

/// At the limit this share of the entries goes, at once: looking for the oldest
/// ones costs a walk through all, which many new entries then share.
const SHARE: usize = 16;

/// Up to `MOST` values.
#[derive(Debug)]
pub(crate) struct Recent<K, V, const MOST: usize> {
    entries: HashMap<K, Used<V>>,
    /// The last use of any entry.
    latest: Timestamp,
}

#[derive(Debug)]
struct Used<V> {
    value: V,
    at: Timestamp,
}

impl<K, V, const MOST: usize> Default for Recent<K, V, MOST> {
    fn default() -> Self {
        Self { entries: HashMap::new(), latest: Timestamp::default() }
    }
}

impl<K: Eq + Hash, V, const MOST: usize> Recent<K, V, MOST> {
    /// The value of this key, which is made when there is none, and is used now.
    pub(crate) fn use_or_make(
        &mut self,
        key: K,
        now: Timestamp,
        make: impl FnOnce() -> V,
    ) -> &mut V {
        // A clock that is set back does not make new entries the oldest.
        self.latest = self.latest.max(now);
        if self.entries.len() >= MOST && !self.entries.contains_key(&key) {
            self.make_room();
        }
        let at = self.latest;
        let used = self.entries.entry(key).or_insert_with(|| Used { value: make(), at });
        used.at = at;
        &mut used.value
    }

    fn make_room(&mut self) {
        const { assert!(MOST > 0, "nothing can be kept") };
        let going = (MOST / SHARE).max(1);
        let mut uses: Vec<_> = self.entries.values().map(|used| used.at).collect();
        let (older, last, _) = uses.select_nth_unstable(going - 1);
        // Of those that were used at that very moment, only as many as needed.
        let mut tied = going - older.iter().filter(|at| **at < *last).count();
        self.entries.retain(|_, used| match used.at.cmp(last) {
            Ordering::Less => false,
            Ordering::Equal if tied > 0 => {
                tied -= 1;
                false
            }
            Ordering::Equal | Ordering::Greater => true,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Hundred = Recent<i64, i64, 100>;

    fn keys(recent: &Hundred) -> Vec<i64> {
        let mut keys: Vec<_> = recent.entries.keys().copied().collect();
        keys.sort_unstable();
        keys
    }

    #[test]
    fn at_the_limit_the_longest_unused_go_and_no_others() {
        let mut recent = Hundred::default();
        for n in 0..100 {
            recent.use_or_make(n, Timestamp(n), || n);
        }
        assert_eq!(recent.entries.len(), 100);
        // The first is used again, by which nothing is forgotten or made anew.
        assert_eq!(*recent.use_or_make(0, Timestamp(100), || -1), 0);
        assert_eq!(recent.entries.len(), 100);
        recent.use_or_make(100, Timestamp(101), || 100);
        let expected: Vec<_> = std::iter::once(0).chain(7..=100).collect();
        assert_eq!(keys(&recent), expected);
    }

    #[test]
    fn entries_of_one_moment_never_go_all_together() {
        let mut recent = Hundred::default();
        for n in 0..100 {
            recent.use_or_make(n, Timestamp(i64::from(n > 2)), || n);
        }
        recent.use_or_make(100, Timestamp(1), || 100);
        let kept = keys(&recent);
        assert_eq!(kept.len(), 95);
        assert!(kept.iter().all(|n| *n > 2), "{kept:?}");
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nothing_older() {
        let mut recent = Hundred::default();
        for n in 0..100 {
            recent.use_or_make(n, Timestamp(1000 + n), || n);
        }
        for n in 100..106 {
            recent.use_or_make(n, Timestamp(n - 100), || n);
        }
        assert_eq!(keys(&recent), (6..106).collect::<Vec<_>>());
    }

    #[test]
    fn one_entry_is_room_enough() {
        let mut recent = Recent::<_, _, 1>::default();
        for n in 0..3 {
            assert_eq!(*recent.use_or_make(n, Timestamp(0), || n), n);
            assert_eq!(recent.entries.len(), 1);
        }
    }
}
