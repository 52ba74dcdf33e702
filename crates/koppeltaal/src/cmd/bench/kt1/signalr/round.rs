//! One message and who has heard of it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Instant;

use tokio::sync::Notify;

/// Who has heard, and when, since the round began.
#[derive(Default)]
pub struct Round {
    heard: RefCell<HashMap<usize, Instant>>,
    open: Cell<usize>,
    changed: Notify,
}

impl Round {
    /// Nobody has heard of the message that is sent now.
    pub fn begin(&self) {
        self.heard.borrow_mut().clear();
    }

    /// A connection was told.
    pub fn told(&self, number: usize) {
        self.heard.borrow_mut().entry(number).or_insert_with(Instant::now);
        self.changed.notify_one();
    }

    /// A connection was opened, or has ended.
    pub fn count(&self, opened: bool) {
        let open = self.open.get();
        self.open.set(if opened { open + 1 } else { open.saturating_sub(1) });
    }

    /// How many connections are open.
    pub fn open(&self) -> usize {
        self.open.get()
    }

    /// When each had heard; waits until so many have.
    pub async fn heard(&self, wanted: usize, until: Instant) -> Vec<Instant> {
        while self.heard.borrow().len() < wanted {
            let changed = tokio::time::timeout_at(until.into(), self.changed.notified());
            if changed.await.is_err() {
                break;
            }
        }
        self.heard.borrow().values().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_round_ends_when_everybody_has_heard() {
        let round = Round::default();
        round.told(7);
        round.begin();
        round.told(1);
        round.told(1);
        assert_eq!(round.heard(2, Instant::now()).await.len(), 1, "one is missing");
        round.told(2);
        assert_eq!(round.heard(2, Instant::now()).await.len(), 2);
    }
}
