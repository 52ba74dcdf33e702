//! Keys and version stamps of this process. Each process that writes takes a
//! number of its own from the store, so that no two give the same key.

mod pace;

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::id::{NODES, Sequence, StampSequence};
use koppeltaal_core::version::Stamp;
use koppeltaal_core::{Clock, Error, Result, Timestamp};

use crate::audit::Trail;
use crate::store::Store;
use crate::{args, job};
use pace::Pace;

/// The process number of a server, for as long as it is renewed.
#[derive(Debug, Clone)]
pub struct NodeLease {
    store: Store,
    node: i64,
    started: Timestamp,
}

impl NodeLease {
    /// How often to renew.
    pub const INTERVAL: Duration = Duration::from_secs(60);

    /// Keeps the number. False when it was lost: the store could not be reached
    /// for so long that another server took it.
    pub async fn renew(&self, now: Timestamp) -> Result<bool> {
        let (node, started) = (self.node, self.started);
        self.store.write(move |tx| job::renew(tx, &name(node), started, now.plus(LEASE))).await
    }

    /// Gives the number back.
    pub async fn release(self, now: Timestamp) -> Result<()> {
        let node = self.node;
        self.store.write(move |tx| job::finish(tx, &name(node), now, "stopped")).await
    }
}

fn name(node: i64) -> String {
    format!("process-{node}")
}

/// The keys and stamps of one process, and what it knows of the audit trail.
#[derive(Debug)]
pub struct Ids {
    keys: Sequence,
    stamps: StampSequence,
    trail_keys: Sequence,
    pace: Pace,
    trail: Trail,
}

/// Process numbers of servers lie below this, those of commands from here on.
const SERVERS: i64 = NODES / 2;
/// How long a server that was killed keeps its number.
const LEASE: Duration = Duration::from_secs(600);

impl Ids {
    /// Takes a number for a command, which lives shortly.
    pub async fn take(store: &Store) -> Result<Self> {
        let turn = store
            .write(|tx| {
                let row = tx.query_one(
                    "INSERT INTO counter (name, value) VALUES ('command', 1)
                     ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value",
                    args![],
                )?;
                row.unwrap_or_default().int(0)
            })
            .await?;
        Ok(Self::of_node(SERVERS + turn % (NODES - SERVERS)))
    }

    /// Takes a number for a server, which no other server has. It is kept by
    /// [`NodeLease::renew`].
    pub async fn lease(store: &Store, clock: Arc<dyn Clock>) -> Result<(Self, NodeLease)> {
        let now = clock.now();
        let node = store
            .write(move |tx| {
                for node in 0..SERVERS {
                    if job::take(tx, &name(node), now, now.plus(LEASE))? {
                        return Ok(node);
                    }
                }
                Err(Error::Unavailable(format!(
                    "{SERVERS} servers use this store already, or were killed within ten minutes"
                )))
            })
            .await?;
        let ids = Self { pace: Pace::of(Some(clock)), ..Self::of_node(node) };
        Ok((ids, NodeLease { store: store.clone(), node, started: now }))
    }

    /// The keys of a given process number (tests).
    pub fn of_node(node: i64) -> Self {
        Self {
            keys: Sequence::new(node),
            stamps: StampSequence::new(node),
            trail_keys: Sequence::new(node),
            pace: Pace::of(None),
            trail: Trail::default(),
        }
    }

    /// The next key.
    pub fn key(&self, now: Timestamp) -> i64 {
        self.keys.next(now)
    }

    /// The next key of the audit trail: of the moment in which the row is written,
    /// however long ago the request began that it records. The trail is sealed in
    /// the order of these.
    pub(crate) fn trail_key(&self, recorded: Timestamp) -> i64 {
        self.trail_keys.next(self.pace.at_least(recorded))
    }

    /// From now on no key of the trail is older than this moment.
    pub fn not_before(&self, moment: Timestamp) {
        self.pace.not_before(moment);
    }

    /// What this process knows of the trail's tables.
    pub(crate) fn trail(&self) -> &Trail {
        &self.trail
    }

    /// The next stamp, greater than `floor`.
    pub fn stamp(&self, now: Timestamp, floor: Option<Stamp>) -> Stamp {
        Stamp(self.stamps.next(now, floor.map_or(0, |stamp| stamp.0)))
    }
}
