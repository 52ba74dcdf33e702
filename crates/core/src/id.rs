//! Internal keys and version stamps that are unique without asking the store:
//! time-ordered, with the number of the process in the low bits.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::clock::Timestamp;

/// Processes that may write to one store at the same time.
pub const NODES: i64 = 128;

/// 2024-01-01T00:00:00Z in milliseconds: keys count from here, which keeps them
/// below 2^53 (browsers read them as numbers) until the year 2093.
const EPOCH_MS: i64 = 1_704_067_200_000;
const PER_MS: i64 = 4096;
const SEQUENCE: i64 = PER_MS / NODES;

/// Hands out the keys of one process.
#[derive(Debug)]
pub struct Sequence {
    node: i64,
    last: AtomicI64,
}

impl Sequence {
    /// The keys of process `node` (taken modulo [`NODES`]).
    pub fn new(node: i64) -> Self {
        Self { node: node.rem_euclid(NODES), last: AtomicI64::new(0) }
    }

    /// The next key: greater than every key this process gave before, and
    /// ordered by time against the keys of other processes.
    pub fn next(&self, now: Timestamp) -> i64 {
        let base = (now.0.div_euclid(1000) - EPOCH_MS).max(0) * PER_MS + self.node * SEQUENCE;
        advance(&self.last, |last| {
            if last < base {
                base
            } else if (last + 1) % SEQUENCE == 0 {
                // The millisecond is used up: borrow from the next one.
                (last / PER_MS + 1) * PER_MS + self.node * SEQUENCE
            } else {
                last + 1
            }
        })
    }
}

/// The smallest key that any process gives at `time` or later.
pub fn first_key_at(time: Timestamp) -> i64 {
    (time.0.div_euclid(1000) - EPOCH_MS).max(0) * PER_MS
}

/// The time in which `key` was given, in whole milliseconds; a key that was
/// borrowed from a later millisecond tells that one.
pub fn time_of_key(key: i64) -> Timestamp {
    Timestamp(key.div_euclid(PER_MS).saturating_add(EPOCH_MS).saturating_mul(1000))
}

/// Hands out the version stamps of one process, in units of 100 ns since 1970.
/// Stamps of different processes differ because their remainder modulo
/// [`NODES`] is the number of the process.
#[derive(Debug)]
pub struct StampSequence {
    node: i64,
    last: AtomicI64,
}

impl StampSequence {
    /// The stamps of process `node` (taken modulo [`NODES`]).
    pub fn new(node: i64) -> Self {
        Self { node: node.rem_euclid(NODES), last: AtomicI64::new(0) }
    }

    /// The next stamp: greater than `floor` (the previous stamps of the
    /// resources concerned) and than every stamp this process gave before.
    pub fn next(&self, now: Timestamp, floor: i64) -> i64 {
        advance(&self.last, |last| {
            let least = (now.0 * 10).max(last + 1).max(floor.saturating_add(1));
            least + (self.node - least).rem_euclid(NODES)
        })
    }
}

fn advance(last: &AtomicI64, next: impl Fn(i64) -> i64) -> i64 {
    let mut seen = last.load(Ordering::Relaxed);
    loop {
        let value = next(seen);
        match last.compare_exchange_weak(seen, value, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return value,
            Err(now) => seen = now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_732_000_000_123_456);

    #[test]
    fn keys_rise_are_unique_across_processes_and_fit_a_browser_number() {
        let (a, b) = (Sequence::new(3), Sequence::new(4));
        let mut seen = std::collections::BTreeSet::new();
        let mut last = 0;
        for _ in 0..10_000 {
            let key = a.next(NOW);
            assert!(key > last);
            last = key;
            assert!(seen.insert(key) && seen.insert(b.next(NOW)));
        }
        assert!(last < (1 << 53));
    }

    #[test]
    fn a_later_key_of_another_process_is_greater() {
        let early = Sequence::new(127).next(NOW);
        let late = Sequence::new(0).next(Timestamp(NOW.0 + 1000));
        assert!(late > early);
        assert!(first_key_at(NOW) <= early && first_key_at(Timestamp(NOW.0 + 1000)) > early);
    }

    #[test]
    fn a_key_tells_its_millisecond() {
        let keys = Sequence::new(77);
        assert_eq!(time_of_key(keys.next(NOW)), Timestamp(1_732_000_000_123_000));
        for _ in 0..100 {
            let key = keys.next(NOW);
            let time = time_of_key(key);
            assert!(first_key_at(time) <= key);
            assert!(key < first_key_at(Timestamp(time.0 + 1000)));
        }
        assert_eq!(time_of_key(first_key_at(NOW)).0, NOW.0 / 1000 * 1000);
        assert_eq!(time_of_key(first_key_at(Timestamp(0))), Timestamp(EPOCH_MS * 1000));
        for any in [i64::MIN, -1, i64::MAX] {
            let _ = time_of_key(any);
        }
    }

    #[test]
    fn stamps_rise_above_the_floor_and_carry_the_process() {
        let stamps = StampSequence::new(5);
        let first = stamps.next(NOW, 0);
        let second = stamps.next(NOW, first + 1_000_000);
        assert!(second > first + 1_000_000);
        assert_eq!((first % NODES, second % NODES), (5, 5));
        assert!(stamps.next(Timestamp(0), 0) > second, "a clock that jumps back does no harm");
    }
}
