//! The clock of the system, the only one outside tests.

use std::time::{SystemTime, UNIX_EPOCH};

use koppeltaal_core::{Clock, Timestamp};

/// Asks the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(0).plus(since)
    }
}
