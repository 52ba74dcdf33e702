//! What a process remembers of the trail: the months that have tables, and the
//! numbers of shapes. Only what was committed is remembered.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::tx::Tx;

/// The memory of a process; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trail(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    months: BTreeSet<i64>,
    shapes: HashMap<i64, HashMap<Arc<str>, i64>>,
}

impl Trail {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a month is known to have its tables.
    pub(super) fn has_month(&self, month: i64) -> bool {
        self.known().months.contains(&month)
    }

    /// Remembers a month when the transaction is committed.
    pub(super) fn remember_month(&self, tx: &mut dyn Tx, month: i64) {
        let trail = self.clone();
        tx.after_commit(Box::new(move || {
            trail.known().months.insert(month);
        }));
    }

    /// The number of a shape, where it is known.
    pub(super) fn number(&self, domain: i64, shape: &str) -> Option<i64> {
        self.known().shapes.get(&domain)?.get(shape).copied()
    }

    /// Remembers a shape when the transaction is committed.
    pub(super) fn remember_shape(
        &self,
        tx: &mut dyn Tx,
        domain: i64,
        shape: Arc<str>,
        number: i64,
    ) {
        let trail = self.clone();
        tx.after_commit(Box::new(move || {
            trail.known().shapes.entry(domain).or_default().insert(shape, number);
        }));
    }
}
