//! From writes and arrivals to latencies: how long after its commit a write was told to those who
//! had subscribed to it, and whether all of them were told once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use serde::Serialize;

use super::pace::Written;
use super::receiver::Arrival;
use crate::cmd::bench::load::{Line, Tally};

/// What became of the notifications of a measurement.
#[derive(Debug, Serialize)]
pub struct Told {
    /// From the answer to the write, before which it was committed, to its notification.
    pub from_answer: Line,
    /// From sending the write to its notification: the write itself is in it.
    pub from_request: Line,
    /// Notifications that should have come and did not.
    pub missing: u64,
    /// Notifications that came again.
    pub again: u64,
}

/// Matches what came at these endpoints with what was written. `subscribed` tells which endpoints
/// hear of a write.
pub fn told(
    written: &[Written],
    arrivals: &[Arrival],
    seconds: f64,
    subscribed: impl Fn(u64) -> Vec<usize>,
) -> Told {
    let mut first = HashMap::new();
    let mut again = HashMap::<(u64, usize), u64>::new();
    for arrival in arrivals {
        let Some(write) = arrival.write else { continue };
        let key = (write, arrival.endpoint);
        match first.entry(key) {
            Entry::Occupied(_) => *again.entry(key).or_default() += 1,
            Entry::Vacant(entry) => drop(entry.insert(arrival.at)),
        }
    }
    let (mut answered, mut requested) = (Tally::new("from answer"), Tally::new("from request"));
    let (mut missing, mut repeated) = (0, 0);
    for write in written {
        for endpoint in subscribed(write.number) {
            let key = (write.number, endpoint);
            repeated += again.get(&key).copied().unwrap_or_default();
            let Some(at) = first.get(&key) else {
                missing += 1;
                continue;
            };
            // The notification may be there before the answer: then it took no time.
            let after = |then| at.checked_duration_since(then).unwrap_or(Duration::ZERO);
            answered.latencies.record(after(write.answered));
            requested.latencies.record(after(write.sent));
        }
    }
    let seconds = seconds.max(1e-9);
    Told {
        from_answer: Line::of(&answered, seconds),
        from_request: Line::of(&requested, seconds),
        missing,
        again: repeated,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_notification_counts_from_the_answer_and_only_the_first_time() {
        let began = Instant::now();
        let at = |ms: u64| began + Duration::from_millis(ms);
        let written = [
            Written { number: 1, sent: at(0), answered: at(2) },
            Written { number: 2, sent: at(10), answered: at(20) },
        ];
        let arrival = |write, endpoint, ms| Arrival { endpoint, write, at: at(ms) };
        let arrivals = [
            arrival(Some(1), 0, 12),
            arrival(Some(1), 0, 99),
            arrival(Some(2), 0, 19),
            arrival(Some(2), 7, 19),
            arrival(None, 0, 19),
        ];
        let told = told(&written, &arrivals, 1.0, |_| vec![0, 1]);
        assert_eq!((told.from_answer.count, told.missing, told.again), (2, 2, 1));
        assert!((told.from_answer.max_ms - 10.0).abs() < 0.1);
        assert!((told.from_request.max_ms - 12.0).abs() < 0.1);
    }
}
