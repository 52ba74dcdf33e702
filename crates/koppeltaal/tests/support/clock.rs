//! The time of a test: that of the system, moved as the test wants.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use koppeltaal_core::{Clock, Timestamp};

/// A clock that goes on by itself and can be moved ahead.
#[derive(Debug, Default)]
pub struct TestClock {
    ahead: AtomicI64,
}

impl TestClock {
    /// Moves the clock ahead.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap();
        self.ahead.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let ahead = self.ahead.load(Ordering::SeqCst);
        Timestamp(i64::try_from(since.as_micros()).unwrap() + ahead)
    }
}
