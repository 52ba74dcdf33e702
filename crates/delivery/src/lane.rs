//! How hard one instance may be called with webhooks of Koppeltaal 1.3. Every
//! instance has a lane of its own; one that fails or is slow several times in a
//! row is spared: one request at a time, out of a smaller share.

use std::collections::VecDeque;
use std::time::Duration;

use koppeltaal_store::outbox::Due;
use tokio::time::Instant;

use crate::circuit::Circuit;

/// Notifications of one instance that are leased together.
pub(crate) const EACH: usize = 16;

/// What this process has of one instance.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    /// Leased and not sent yet.
    pub(crate) held: VecDeque<Due>,
    /// Requests in flight.
    pub(crate) in_flight: usize,
    /// Whether the outbox has more that is due.
    pub(crate) more: bool,
    circuit: Circuit,
}

impl Lane {
    /// Whether the instance is spared.
    pub(crate) fn is_strained(&self) -> bool {
        self.circuit.is_strained()
    }

    /// Whether another request may begin, of `limit` at the same time.
    pub(crate) fn has_slot(&self, limit: usize, now: Instant) -> bool {
        self.circuit.has_slot(self.in_flight, limit, now)
    }

    /// How many notifications are wanted from the outbox.
    pub(crate) fn wants(&self, now: Instant) -> usize {
        if !self.held.is_empty() {
            0
        } else if !self.is_strained() {
            EACH
        } else {
            usize::from(self.has_slot(1, now))
        }
    }

    /// Takes note of an attempt.
    pub(crate) fn attempted(&mut self, strained: bool, failed: bool, took: Duration, now: Instant) {
        self.circuit.called(strained, failed, took, now);
    }

    /// Whether something waits for the end of a rest, and when that is.
    pub(crate) fn rests_until(&self) -> Option<Instant> {
        let waits = self.is_strained() && self.in_flight == 0;
        if waits && (self.more || !self.held.is_empty()) { self.circuit.rest_until() } else { None }
    }

    /// Whether a rest is over and something can be fetched from the outbox.
    pub(crate) fn is_rested(&self, now: Instant) -> bool {
        self.more && self.held.is_empty() && self.rests_until().is_some_and(|until| until <= now)
    }

    /// Whether there is nothing to remember.
    pub(crate) fn is_idle(&self) -> bool {
        self.held.is_empty() && self.in_flight == 0 && self.circuit.is_calm() && !self.more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_that_keeps_failing_is_spared_until_it_answers() {
        let now = Instant::now();
        let took = Duration::from_secs(10);
        let mut lane = Lane::default();
        assert_eq!((lane.wants(now), lane.has_slot(4, now)), (EACH, true));
        for _ in 0..3 {
            assert!(!lane.is_strained());
            lane.attempted(true, true, took, now);
        }
        assert!(lane.is_strained());
        assert_eq!((lane.wants(now), lane.has_slot(4, now)), (0, false));
        assert_eq!((lane.wants(now + took), lane.has_slot(4, now + took)), (1, true));
        lane.attempted(false, false, Duration::ZERO, now);
        assert_eq!((lane.wants(now), lane.has_slot(4, now)), (EACH, true));
    }

    #[test]
    fn a_slow_instance_that_answers_does_not_rest() {
        let now = Instant::now();
        let mut lane = Lane::default();
        for _ in 0..5 {
            lane.attempted(true, false, Duration::from_secs(9), now);
        }
        assert!(lane.is_strained());
        assert_eq!((lane.wants(now), lane.has_slot(4, now)), (1, true));
    }
}
