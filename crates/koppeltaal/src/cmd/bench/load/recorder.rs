//! What one worker measures, by kind of request. Failures are counted by their status, and their
//! latency does not mix with that of successes.

use std::collections::BTreeMap;
use std::time::Instant;

use super::histogram::Histogram;

/// What happened to one kind of request.
#[derive(Debug, Clone)]
pub struct Tally {
    /// What kind it is.
    pub name: &'static str,
    /// Latencies of those that succeeded.
    pub latencies: Histogram,
    /// Failures, by status of HTTP or by what broke.
    pub failures: BTreeMap<String, u64>,
}

impl Tally {
    /// Nothing yet.
    pub fn new(name: &'static str) -> Tally {
        Tally { name, latencies: Histogram::default(), failures: BTreeMap::new() }
    }

    /// Adds what another worker saw.
    pub fn add(&mut self, other: &Tally) {
        self.latencies.add(&other.latencies);
        for (why, count) in &other.failures {
            *self.failures.entry(why.clone()).or_default() += count;
        }
    }
}

/// Records the requests of one worker within the time of measuring.
#[derive(Debug)]
pub struct Recorder {
    tallies: Vec<Tally>,
    from: Instant,
    until: Option<Instant>,
}

impl Recorder {
    /// A recorder for these kinds; what ends outside of the time is not counted.
    pub fn new(kinds: &[&'static str], from: Instant, until: Option<Instant>) -> Recorder {
        Recorder { tallies: kinds.iter().map(|name| Tally::new(name)).collect(), from, until }
    }

    /// Records a request that began at `started` and ended now: a status, or what broke.
    /// Answers whether it succeeded.
    pub fn record(&mut self, kind: usize, started: Instant, outcome: Result<u16, String>) -> bool {
        let now = Instant::now();
        let succeeded = matches!(outcome, Ok(200..300));
        if now < self.from || self.until.is_some_and(|until| now > until) {
            return succeeded;
        }
        let tally = &mut self.tallies[kind];
        match outcome {
            Ok(200..300) => tally.latencies.record(now - started),
            Ok(status) => *tally.failures.entry(status.to_string()).or_default() += 1,
            Err(why) => *tally.failures.entry(why).or_default() += 1,
        }
        succeeded
    }

    /// What was recorded.
    pub fn tallies(&self) -> &[Tally] {
        &self.tallies
    }
}
