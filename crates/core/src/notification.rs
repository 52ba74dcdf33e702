//! Notifications: when the next attempt is due. Koppeltaal 1.3 asks for at most
//! five until a 2xx, a rest-hook of 2.0 is tried for days ([`HookSchedule`]).

mod hook_schedule;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

pub use hook_schedule::HookSchedule;

/// What became of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// An attempt is due or will be.
    Pending,
    /// The endpoint answered with a 2xx.
    Delivered,
    /// The last attempt failed; an operator can send it again.
    Dead,
}

impl State {
    /// The number under which the store keeps it.
    pub fn number(self) -> i64 {
        self as i64
    }

    /// The state with this number of the store.
    pub fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Pending,
            1 => Self::Delivered,
            _ => Self::Dead,
        }
    }
}

/// The retry schedule of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// How often an endpoint is tried.
    pub attempts: u32,
    /// The pause after the first failure; each further one is twice as long.
    pub first_retry: Duration,
}

impl Schedule {
    /// When to try again after `failed` failures, `None` when that was the
    /// last. `jitter` lies between 0 and 1 and spreads the pause by ± 20 %.
    pub fn next(&self, failed: u32, now: Timestamp, jitter: f64) -> Option<Timestamp> {
        if failed >= self.attempts {
            return None;
        }
        let doubling = 2u32.saturating_pow(failed.saturating_sub(1).min(20));
        let spread = 0.8 + 0.4 * jitter.clamp(0.0, 1.0);
        Some(now.plus(self.first_retry.saturating_mul(doubling).mul_f64(spread)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_within_their_jitter_and_end() {
        let schedule = Schedule { attempts: 5, first_retry: Duration::from_secs(30) };
        let pause = |failed, jitter| {
            schedule.next(failed, Timestamp(0), jitter).map(|t| t.since(Timestamp(0)).as_secs())
        };
        assert_eq!(
            (1..=5).map(|n| pause(n, 0.5)).collect::<Vec<_>>(),
            [Some(30), Some(60), Some(120), Some(240), None]
        );
        assert_eq!((pause(1, 0.0), pause(1, 1.0)), (Some(24), Some(36)));
    }
}
