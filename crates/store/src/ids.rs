//! Keys and version stamps of this process. Each process that writes takes a
//! number of its own from the store, so that no two give the same key.

use koppeltaal_core::id::{Sequence, StampSequence};
use koppeltaal_core::version::Stamp;
use koppeltaal_core::{Result, Timestamp};

use crate::args;
use crate::store::Store;

/// The keys and stamps of one process.
#[derive(Debug)]
pub struct Ids {
    keys: Sequence,
    stamps: StampSequence,
}

impl Ids {
    /// Takes a number from the store and starts counting.
    pub async fn take(store: &Store) -> Result<Self> {
        let node = store
            .write(|tx| {
                let row = tx.query_one(
                    "INSERT INTO counter (name, value) VALUES ('process', 1)
                     ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value",
                    args![],
                )?;
                row.unwrap_or_default().int(0)
            })
            .await?;
        Ok(Self::of_node(node))
    }

    /// The keys of a given process number (tests).
    pub fn of_node(node: i64) -> Self {
        Self { keys: Sequence::new(node), stamps: StampSequence::new(node) }
    }

    /// The next key.
    pub fn key(&self, now: Timestamp) -> i64 {
        self.keys.next(now)
    }

    /// The next stamp, greater than `floor`.
    pub fn stamp(&self, now: Timestamp, floor: Option<Stamp>) -> Stamp {
        Stamp(self.stamps.next(now, floor.map_or(0, |stamp| stamp.0)))
    }
}
