//! The moment that a row of the audit trail is numbered by: never long before the
//! present, although a row tells when its request began.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use koppeltaal_core::{Clock, Timestamp};

#[derive(Debug)]
pub(super) struct Pace {
    /// A server's clock. A command has none: it goes by the time that passes.
    clock: Option<Arc<dyn Clock>>,
    start: Instant,
    /// The latest moment known, as it was at `start`, in microseconds.
    known: AtomicI64,
}

impl Pace {
    pub(super) fn of(clock: Option<Arc<dyn Clock>>) -> Self {
        Self { clock, start: Instant::now(), known: AtomicI64::new(i64::MIN) }
    }

    /// `recorded`, or the present where that is later.
    pub(super) fn at_least(&self, recorded: Timestamp) -> Timestamp {
        match &self.clock {
            Some(clock) => recorded.max(clock.now()).max(self.known()),
            None => {
                self.not_before(recorded);
                self.known()
            }
        }
    }

    /// Notes that it is this moment, or later. A server whose clock says so itself
    /// notes nothing.
    pub(super) fn not_before(&self, moment: Timestamp) {
        if self.clock.as_ref().is_none_or(|clock| clock.now() < moment) {
            self.known.fetch_max(moment.0.saturating_sub(self.passed()), Ordering::Relaxed);
        }
    }

    fn known(&self) -> Timestamp {
        Timestamp(self.known.load(Ordering::Relaxed).saturating_add(self.passed()))
    }

    fn passed(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_micros()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct At(i64);

    impl Clock for At {
        fn now(&self) -> Timestamp {
            Timestamp(self.0)
        }
    }

    #[test]
    fn a_server_goes_by_its_clock_unless_another_one_is_ahead() {
        let pace = Pace::of(Some(Arc::new(At(1_000))));
        assert_eq!(pace.at_least(Timestamp(10)), Timestamp(1_000));
        assert_eq!(pace.at_least(Timestamp(2_000)), Timestamp(2_000));
        pace.not_before(Timestamp(1_000));
        assert_eq!(pace.at_least(Timestamp(10)), Timestamp(1_000));
        pace.not_before(Timestamp(5_000_000));
        assert!(pace.at_least(Timestamp(10)) >= Timestamp(5_000_000));
    }

    #[test]
    fn a_command_goes_by_the_latest_moment_it_has_seen() {
        let pace = Pace::of(None);
        assert!(pace.at_least(Timestamp(1_000)) >= Timestamp(1_000));
        assert!(pace.at_least(Timestamp(10)) >= Timestamp(1_000));
    }
}
