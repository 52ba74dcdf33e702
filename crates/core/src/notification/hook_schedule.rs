//! The retry schedule of a rest-hook: pauses that double up to a longest one, for
//! as long as is configured (Koppeltaal 2.0, TOP-KT-006, 015; ours: 72 hours).

use std::time::Duration;

use crate::clock::Timestamp;

/// When a rest-hook is tried again, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HookSchedule {
    /// The pause after the first failure; each further one is twice as long.
    pub first_retry: Duration,
    /// No pause that this server chooses is longer.
    pub max_interval: Duration,
    /// The last attempt is made so long after the first one.
    pub give_up_after: Duration,
}

impl Default for HookSchedule {
    fn default() -> Self {
        Self {
            first_retry: Duration::from_secs(1),
            max_interval: Duration::from_secs(3600),
            give_up_after: Duration::from_secs(72 * 3600),
        }
    }
}

impl HookSchedule {
    /// When to try again at `now`, after `failed` failures of which the first
    /// began at `begun`; `None` when that was the last attempt. `jitter` lies
    /// between 0 and 1 and spreads the pause by ± 20 %. `asked` is the pause that
    /// the endpoint asks for (`Retry-After`): it lengthens a pause, also beyond
    /// the longest one, and never shortens it.
    ///
    /// However long the pauses are, one attempt is made at the very end of the
    /// time: an endpoint that is back by then has its chance.
    pub fn next(
        &self,
        failed: u32,
        begun: Timestamp,
        now: Timestamp,
        jitter: f64,
        asked: Option<Duration>,
    ) -> Option<Timestamp> {
        let end = begun.plus(self.give_up_after);
        if now >= end {
            return None;
        }
        let doubling = 2u32.saturating_pow(failed.saturating_sub(1).min(31));
        let pause = self.first_retry.saturating_mul(doubling).min(self.max_interval);
        let spread = 0.8 + 0.4 * jitter.clamp(0.0, 1.0);
        let pause = pause.mul_f64(spread).min(self.max_interval).max(asked.unwrap_or_default());
        Some(now.plus(pause).min(end))
    }
}

#[cfg(test)]
mod tests;
