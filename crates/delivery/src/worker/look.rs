//! Looking for what is due and leasing it. Lanes of rest-hooks are looked at in
//! pieces, round and round: a look costs the same however many wait.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::outbox::{self, Due, LaneLease, Waiting, WaitingLane, Wanted, WantedLane};
use tokio::time::Instant;

use super::Worker;
use crate::queues::{Key, first_later};

/// Notifications that one closure leases: it must not hold up the writer.
const AT_ONCE: usize = 128;

/// Notifications that this process holds, in flight or waiting for a slot.
const HELD: usize = 8192;

/// Lanes that one look goes through.
const LANES: usize = 1024;

/// Before every lane.
pub(super) const START: Key = (i64::MIN, i64::MIN);

/// After the store could not be read or written.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// What a look found.
pub(super) struct Found {
    instances: Vec<Waiting>,
    lanes: Vec<WaitingLane>,
}

/// What was wanted, and what was got.
pub(super) struct Leased {
    wanted: Arc<Vec<Wanted>>,
    wanted_lanes: Arc<Vec<WantedLane>>,
    got: Vec<Due>,
    lanes: Vec<LaneLease>,
}

impl Worker {
    /// Starts to look for what is due, when it is time to.
    pub(super) fn look(&mut self, now: Instant) {
        if !self.may_look() {
            return;
        }
        let rested = self.lanes.values().any(|lane| lane.is_rested(now));
        let hooks_rested = self.queues.is_rested(now);
        if now < self.look_at && !rested && !hooks_rested {
            return;
        }
        self.look_at = now + self.settings.poll;
        if self.cursor == START {
            self.woken = false;
        }
        let store = self.deps.store.clone();
        let cursor = self.cursor;
        self.looking = Some(Box::pin(async move {
            let read = move |tx: &mut dyn koppeltaal_store::Tx| {
                Ok(Found {
                    instances: outbox::waiting(tx)?,
                    lanes: outbox::waiting_lanes(tx, cursor, LANES)?,
                })
            };
            store.read(read).await
        }));
    }

    /// Decides what to lease.
    pub(super) fn looked(&mut self, found: Result<Found>) {
        let found = match found {
            Ok(found) => found,
            Err(error) => return self.store_failed("looking for notifications", &error),
        };
        let now = self.deps.clock.now();
        self.left_out = false;
        let busy = self.held + self.queues.held() + self.running.len();
        let mut room = HELD.saturating_sub(busy);
        let lanes = self.want_lanes(found.lanes, &mut room, now);
        let wanted = self.want(found.instances, room.min(AT_ONCE), now);
        if !wanted.is_empty() || !lanes.is_empty() {
            self.lease(wanted, lanes, now);
        } else if self.cursor != START || self.woken {
            // On to the next piece.
            self.look_within(Duration::ZERO);
        }
    }

    fn want_lanes(
        &mut self,
        found: Vec<WaitingLane>,
        room: &mut usize,
        now: Timestamp,
    ) -> Vec<WantedLane> {
        if let Some(due) = first_later(&found, now) {
            self.look_within(due.since(now));
        }
        let next = match found.last() {
            Some(last) if found.len() >= LANES => (last.domain, last.lane),
            _ => START,
        };
        let mut due = found;
        due.retain(|waiting| waiting.due <= now || self.queues.has(waiting));
        // The longest overdue first: whoever is left out now comes first then.
        due.sort_by_key(|waiting| waiting.due);
        let share = self.settings.strained_total().saturating_sub(self.strained_running);
        let (wanted, left_out) = self.queues.wants(&due, *room, share, Instant::now());
        *room = room.saturating_sub(wanted.iter().map(|wanted| wanted.limit).sum());
        self.cursor = next;
        // Whatever is left is found again in the next round: every lane has its turn.
        self.left_out = left_out || next != START || self.woken;
        if next == START {
            self.queues.tidy(Instant::now());
        }
        wanted
    }

    fn want(&mut self, mut found: Vec<Waiting>, mut room: usize, now: Timestamp) -> Vec<Wanted> {
        let instant = Instant::now();
        self.lanes.values_mut().for_each(|lane| lane.more = false);
        self.lanes.retain(|_, lane| !lane.is_idle());
        let mut strained = self.settings.strained_total().saturating_sub(self.strained_running);
        let mut wanted = Vec::new();
        // The longest overdue first: whoever is left out now comes first then.
        found.sort_by_key(|waiting| waiting.due);
        for Waiting { domain, instance, due } in found {
            if due > now {
                self.look_within(due.since(now));
                continue;
            }
            let lane = self.lanes.entry(instance).or_default();
            lane.more = true;
            let mut limit = lane.wants(instant);
            if lane.is_strained() {
                limit = limit.min(strained);
                strained -= limit;
            }
            self.left_out |= limit > room;
            limit = limit.min(room);
            if limit > 0 {
                room -= limit;
                wanted.push(Wanted { domain, instance, limit: limit as i64 });
            }
        }
        wanted
    }

    fn lease(&mut self, wanted: Vec<Wanted>, lanes: Vec<WantedLane>, now: Timestamp) {
        let wanted = Arc::new(wanted);
        let wanted_lanes = Arc::new(lanes);
        let (asked, asked_lanes) = (Arc::clone(&wanted), Arc::clone(&wanted_lanes));
        let store = self.deps.store.clone();
        let until = now.plus(self.settings.lease());
        self.leasing = Some(Box::pin(async move {
            let (got, lanes) = store
                .write(move |tx| {
                    let got = outbox::lease(tx, &asked, now, until)?;
                    Ok((got, outbox::lease_lanes(tx, &asked_lanes, now, until)?))
                })
                .await?;
            Ok(Leased { wanted, wanted_lanes, got, lanes })
        }));
    }

    pub(super) fn leased(&mut self, leased: Result<Leased>) {
        let Leased { wanted, wanted_lanes, got, lanes } = match leased {
            Ok(leased) => leased,
            Err(error) => return self.store_failed("leasing notifications", &error),
        };
        self.held += got.len();
        for due in got {
            self.lanes.entry(due.instance).or_default().held.push_back(due);
        }
        for wanted in wanted.iter() {
            // Less than was wanted is all there was.
            if let Some(lane) = self.lanes.get_mut(&wanted.instance) {
                lane.more = lane.held.len() as i64 >= wanted.limit;
            }
        }
        let now = Instant::now();
        for lane in lanes {
            match lane {
                LaneLease::Taken(lane) => {
                    let limit = wanted_lanes
                        .iter()
                        .find(|wanted| (wanted.domain, wanted.lane) == (lane.domain, lane.lane))
                        .map_or(usize::MAX, |wanted| wanted.limit);
                    self.queues.leased(lane, limit, now);
                }
                LaneLease::Nothing => {}
                LaneLease::Closed(closed) => {
                    self.metrics.died(closed.count);
                    tracing::warn!(
                        domain = closed.domain,
                        lane = closed.lane,
                        dead = closed.count,
                        "the notifications of a subscription were given up"
                    );
                    self.left_out |= closed.more;
                }
            }
        }
        if self.left_out {
            self.look_soon();
        }
    }

    fn store_failed(&mut self, doing: &str, error: &Error) {
        tracing::warn!(%error, "{doing} failed, trying again");
        self.look_at = Instant::now() + STORE_PAUSE;
    }
}
