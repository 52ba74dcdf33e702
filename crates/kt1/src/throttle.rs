//! A flood of one instance is refused with 429 and does not reach the store, so
//! that it harms nobody else (`limits.requests_per_second`).

use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::StatusCode;

use crate::answer::Refusal;

/// Counts requests by instance; absent when there is no limit.
pub struct Throttle(Option<(DefaultKeyedRateLimiter<i64>, DefaultClock)>);

impl Throttle {
    /// A limit; 0 requests per second is none, a burst of 0 twice the rate.
    pub fn new(requests_per_second: u32, burst: u32) -> Self {
        let limiter = NonZeroU32::new(requests_per_second).map(|rate| {
            let burst = NonZeroU32::new(burst).unwrap_or(rate.saturating_mul(TWICE));
            (
                RateLimiter::keyed(Quota::per_second(rate).allow_burst(burst)),
                DefaultClock::default(),
            )
        });
        Self(limiter)
    }

    /// Refuses the request of an instance that has used up its share.
    pub fn check(&self, instance: i64) -> Result<(), Refusal> {
        let Some((limiter, clock)) = &self.0 else { return Ok(()) };
        limiter.check_key(&instance).map_err(|not_until| {
            let wait = not_until.wait_time_from(clock.now());
            Refusal {
                retry_after: Some(wait.as_secs().max(1)),
                ..Refusal::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "throttled",
                    "throttled",
                    "This application instance sends more requests than this server allows; wait and try again.",
                )
            }
        })
    }
}

const TWICE: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);
