//! A flood of one instance is refused with 429 and does not reach the store, so
//! that it harms nobody else (`limits.requests_per_second`). Both generations
//! count together.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Counts requests by instance; absent when there is no limit.
pub struct RequestLimit(Option<(DefaultKeyedRateLimiter<i64>, DefaultClock)>);

impl RequestLimit {
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

    /// Counts a request of an instance. One that has used up its share is told how
    /// long to wait, at least a second.
    pub fn check(&self, instance: i64) -> Result<(), Duration> {
        let Some((limiter, clock)) = &self.0 else { return Ok(()) };
        limiter
            .check_key(&instance)
            .map_err(|not_until| not_until.wait_time_from(clock.now()).max(Duration::from_secs(1)))
    }
}

const TWICE: NonZeroU32 = NonZeroU32::MIN.saturating_add(1);
