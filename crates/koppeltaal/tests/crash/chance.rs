//! Chance that can be repeated: the seed of a run is printed when it fails.

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

/// Numbers by chance (xorshift).
pub struct Chance {
    pub seed: u64,
    state: Mutex<u64>,
}

impl Chance {
    /// Chance with the seed in `KOPPELTAAL_TEST_SEED`, or one of the moment.
    pub fn new() -> Self {
        let given = std::env::var("KOPPELTAAL_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::from(now.subsec_nanos()) | 1
        });
        Self { seed, state: Mutex::new(seed) }
    }

    /// A number below `bound`.
    pub fn below(&self, bound: u64) -> u64 {
        let mut state = self.state.lock().unwrap();
        for shift in [13_i8, -7, 17] {
            let moved = if shift > 0 { *state << shift } else { *state >> -shift };
            *state ^= moved;
        }
        *state % bound
    }
}

impl Drop for Chance {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("KOPPELTAAL_TEST_SEED={}", self.seed);
        }
    }
}
