//! When something that is called has to be spared: after failing or being slow
//! several times in a row, with a rest as long as the last failure took.

use std::time::Duration;

use tokio::time::Instant;

/// Failures or slow answers in a row after which it is spared.
const STRAINED: u32 = 3;

/// How the last calls went.
#[derive(Debug, Default)]
pub(crate) struct Circuit {
    strain: u32,
    rest_until: Option<Instant>,
}

impl Circuit {
    /// Whether it is spared: one request at a time.
    pub(crate) fn is_strained(&self) -> bool {
        self.strain >= STRAINED
    }

    /// Whether it is left alone for now.
    pub(crate) fn is_resting(&self, now: Instant) -> bool {
        self.rest_until.is_some_and(|until| now < until)
    }

    /// When the last rest ends or ended.
    pub(crate) fn rest_until(&self) -> Option<Instant> {
        self.rest_until
    }

    /// Whether another request may begin, of `limit` at the same time.
    pub(crate) fn has_slot(&self, in_flight: usize, limit: usize, now: Instant) -> bool {
        if self.is_strained() { in_flight == 0 && !self.is_resting(now) } else { in_flight < limit }
    }

    /// Takes note of a call.
    pub(crate) fn called(&mut self, strained: bool, failed: bool, took: Duration, now: Instant) {
        self.strain = if strained { self.strain.saturating_add(1) } else { 0 };
        self.rest_until = (self.is_strained() && failed).then(|| now + took);
    }

    /// Whether there is nothing to remember.
    pub(crate) fn is_calm(&self) -> bool {
        self.strain == 0
    }
}
