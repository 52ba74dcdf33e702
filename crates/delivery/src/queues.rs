//! What this process has of the lanes of rest-hooks, and how hard their endpoints
//! may be called. A lane keeps the order of one subscription, with one request in
//! flight; an endpoint is a scheme, host and port, and many lanes may lead there:
//! those of one that is dead or slow must not use up the slots of others.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::Timestamp;
use koppeltaal_store::outbox::{LeasedLane, Ping, WaitingLane, WantedLane};
use tokio::time::Instant;
use url::Url;

use crate::circuit::Circuit;

/// Notifications of one lane that are leased together.
const EACH: usize = 64;

/// Lanes that one closure leases: it must not hold up the writer.
const AT_ONCE: usize = 64;

/// How long an endpoint is remembered that nothing goes to.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// Which lane: the number of the domain, and the key of the subscription.
pub(crate) type Key = (i64, i64);

/// A lane that this process has.
#[derive(Debug)]
struct Queue {
    lease: Arc<LeasedLane>,
    endpoint: Arc<str>,
    held: VecDeque<Ping>,
    in_flight: bool,
    /// Outcomes that are not in the store yet.
    unrecorded: usize,
    /// Whether the outbox has more of it.
    more: bool,
}

/// A scheme, host and port.
#[derive(Debug)]
struct Endpoint {
    /// Lanes of it that this process has.
    lanes: usize,
    in_flight: usize,
    circuit: Circuit,
    /// Whether lanes of it were due and had to be left.
    waits: bool,
    used: Instant,
}

impl Endpoint {
    fn new(now: Instant) -> Self {
        let circuit = Circuit::default();
        Self { lanes: 0, in_flight: 0, circuit, waits: false, used: now }
    }

    /// Whether another lane can be fetched now, besides those that are planned.
    fn is_ready(&self, planned: usize, per_endpoint: usize, now: Instant) -> bool {
        let lanes = self.lanes + planned;
        if self.circuit.is_strained() {
            lanes == 0 && !self.circuit.is_resting(now)
        } else {
            // As many again are at hand when a slot becomes free.
            lanes < per_endpoint * 2
        }
    }
}

/// What is to be sent next in a lane.
#[derive(Debug)]
pub(crate) struct Turn {
    /// The lane.
    pub(crate) lane: Arc<LeasedLane>,
    /// The first of what waits: it counts the failures.
    pub(crate) head: Ping,
    /// What is sent: the head, or the newest when several become one.
    pub(crate) sent: Ping,
    /// What is delivered with it.
    pub(crate) along: Vec<i64>,
}

impl Turn {
    pub(crate) fn key(&self) -> Key {
        (self.lane.domain, self.lane.lane)
    }
}

/// The bounds of sending.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Requests at the same time to one endpoint.
    pub(crate) per_endpoint: usize,
    /// Whether what waits in a lane becomes one.
    pub(crate) coalesce: bool,
}

/// All lanes and endpoints.
#[derive(Debug)]
pub(crate) struct Queues {
    bounds: Bounds,
    lanes: BTreeMap<Key, Queue>,
    endpoints: HashMap<Arc<str>, Endpoint>,
    /// The lane that was served last: the next one has its turn.
    served: Key,
    held: usize,
}

impl Queues {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let served = (i64::MIN, i64::MIN);
        Self { bounds, lanes: BTreeMap::new(), endpoints: HashMap::new(), served, held: 0 }
    }

    /// Notifications that are leased and not sent yet.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// Whether this process has the lane.
    pub(crate) fn has(&self, waiting: &WaitingLane) -> bool {
        self.lanes.contains_key(&(waiting.domain, waiting.lane))
    }

    /// Endpoints that are spared.
    pub(crate) fn strained(&self) -> usize {
        self.endpoints.values().filter(|endpoint| endpoint.circuit.is_strained()).count()
    }

    /// Which of these due lanes are wanted: `room` notifications at most, and
    /// lanes of spared endpoints only up to `share`. Tells also whether a lane was
    /// left out for which there would have been a slot.
    pub(crate) fn wants(
        &mut self,
        due: &[WaitingLane],
        mut room: usize,
        mut share: usize,
        now: Instant,
    ) -> (Vec<WantedLane>, bool) {
        let mut wanted = Vec::new();
        let mut left_out = false;
        let mut planned: HashMap<Arc<str>, usize> = HashMap::new();
        for waiting in due {
            if let Some(queue) = self.lanes.get_mut(&(waiting.domain, waiting.lane)) {
                queue.more = true;
                continue;
            }
            let limit = match waiting.endpoint.as_deref().map(endpoint_of) {
                // Its subscription is gone; that is found out by leasing it.
                None => 1,
                Some(name) => {
                    let name: Arc<str> = name.into();
                    let planned = planned.entry(Arc::clone(&name)).or_default();
                    let endpoint = self.endpoints.entry(name).or_insert_with(|| Endpoint::new(now));
                    let strained = endpoint.circuit.is_strained();
                    let ready = endpoint.is_ready(*planned, self.bounds.per_endpoint, now);
                    if !ready || (strained && share == 0) {
                        endpoint.waits = true;
                        continue;
                    }
                    *planned += 1;
                    share -= usize::from(strained);
                    if strained { 1 } else { EACH }
                }
            };
            let limit = limit.min(room);
            if limit == 0 || wanted.len() == AT_ONCE {
                left_out = true;
                break;
            }
            room -= limit;
            wanted.push(WantedLane { domain: waiting.domain, lane: waiting.lane, limit });
        }
        (wanted, left_out)
    }

    /// A lane was leased.
    pub(crate) fn leased(&mut self, mut lane: LeasedLane, limit: usize, now: Instant) {
        let held = VecDeque::from(std::mem::take(&mut lane.pings));
        let name: Arc<str> = endpoint_of(&lane.subscriber.endpoint).into();
        let endpoint =
            self.endpoints.entry(Arc::clone(&name)).or_insert_with(|| Endpoint::new(now));
        endpoint.lanes += 1;
        endpoint.used = now;
        self.held += held.len();
        let more = held.len() >= limit;
        let key = (lane.domain, lane.lane);
        let lease = Arc::new(lane);
        let queue = Queue { lease, endpoint: name, held, in_flight: false, unrecorded: 0, more };
        self.lanes.insert(key, queue);
    }

    /// The lanes that have something to send, the one whose turn it is first.
    pub(crate) fn turns(&self) -> Vec<Key> {
        self.lanes
            .range((Excluded(self.served), Unbounded))
            .chain(self.lanes.range((Unbounded, Included(self.served))))
            .filter(|(_, queue)| !queue.held.is_empty() && !queue.in_flight)
            .map(|(key, _)| *key)
            .collect()
    }

    /// What is to be sent in a lane, if it may be now: requests to spared endpoints
    /// only when `may_strain`.
    pub(crate) fn take(&mut self, key: Key, may_strain: bool, now: Instant) -> Option<Turn> {
        let queue = self.lanes.get_mut(&key)?;
        let endpoint = self.endpoints.get(&queue.endpoint)?;
        if queue.in_flight
            || !endpoint.circuit.has_slot(endpoint.in_flight, self.bounds.per_endpoint, now)
            || (endpoint.circuit.is_strained() && !may_strain)
        {
            return None;
        }
        let lane = Arc::clone(&queue.lease);
        let head = queue.held.pop_front()?;
        self.served = key;
        self.held -= 1;
        if !self.bounds.coalesce || queue.held.is_empty() {
            let sent = head.clone();
            return Some(Turn { lane, head, sent, along: Vec::new() });
        }
        self.held -= queue.held.len();
        // If they do not go along in the end, they are looked for again.
        queue.more = true;
        let sent = queue.held.pop_back()?;
        let rest = queue.held.drain(..).map(|ping| ping.id);
        let along = std::iter::once(head.id).chain(rest).collect();
        Some(Turn { lane, head, sent, along })
    }

    /// A request of this lane begins; tells whether its endpoint is spared.
    pub(crate) fn begun(&mut self, key: Key) -> bool {
        let Some(queue) = self.lanes.get_mut(&key) else { return false };
        queue.in_flight = true;
        let Some(endpoint) = self.endpoints.get_mut(&queue.endpoint) else { return false };
        endpoint.in_flight += 1;
        endpoint.circuit.is_strained()
    }

    /// The request of this lane has ended. An endpoint is strained by what gets no
    /// answer, and by a slow one; a quick refusal is a matter of its lane alone.
    pub(crate) fn ended(
        &mut self,
        key: Key,
        strained: bool,
        failed: bool,
        took: Duration,
        now: Instant,
    ) {
        let Some(queue) = self.lanes.get_mut(&key) else { return };
        queue.in_flight = false;
        let Some(endpoint) = self.endpoints.get_mut(&queue.endpoint) else { return };
        endpoint.in_flight -= 1;
        endpoint.used = now;
        endpoint.circuit.called(strained, failed, took, now);
    }

    /// The lanes of a spared endpoint that only wait here for a slot: to be given
    /// back, so that what they hold is no burden. This one sheds none of its own.
    pub(crate) fn shed(&mut self, key: Key) -> Vec<Arc<LeasedLane>> {
        let Some(name) = self.lanes.get(&key).map(|queue| Arc::clone(&queue.endpoint)) else {
            return Vec::new();
        };
        let Some(endpoint) = self.endpoints.get(&name) else { return Vec::new() };
        if !endpoint.circuit.is_strained() {
            return Vec::new();
        }
        let idle = |(other, queue): &(&Key, &Queue)| {
            **other != key && queue.endpoint == name && !queue.in_flight && !queue.held.is_empty()
        };
        let shed: Vec<_> =
            self.lanes.iter().filter(idle).map(|(_, q)| Arc::clone(&q.lease)).collect();
        for lane in &shed {
            self.released((lane.domain, lane.lane));
        }
        if let Some(endpoint) = self.endpoints.get_mut(&name) {
            endpoint.waits |= !shed.is_empty();
        }
        shed
    }

    /// An outcome of this lane is about to be recorded. With `goes_on` the next one
    /// has its turn; else nothing more is sent under this lease. Tells whether it is
    /// the last outcome.
    pub(crate) fn settled(&mut self, key: Key, goes_on: bool) -> bool {
        let Some(queue) = self.lanes.get_mut(&key) else { return true };
        queue.unrecorded += 1;
        if !goes_on {
            queue.more |= !queue.held.is_empty();
            self.held -= queue.held.len();
            queue.held.clear();
        }
        queue.held.is_empty()
    }

    /// An outcome of this lane is in the store. Tells whether the outbox is worth a
    /// look: there is more of this lane, or others waited for its endpoint.
    pub(crate) fn recorded(&mut self, key: Key) -> bool {
        if let Some(queue) = self.lanes.get_mut(&key) {
            queue.unrecorded = queue.unrecorded.saturating_sub(1);
        }
        self.forget_if_done(key)
    }

    /// Nothing more is sent under the lease of this lane. Gives what is to be given back at once:
    /// a request in flight gives the lane back with its outcome.
    pub(crate) fn give_up(&mut self, key: Key) -> Option<Arc<LeasedLane>> {
        let queue = self.lanes.get_mut(&key)?;
        if queue.held.is_empty() {
            return None;
        }
        queue.more = true;
        self.held -= queue.held.len();
        queue.held.clear();
        (!queue.in_flight).then(|| Arc::clone(&queue.lease))
    }

    /// The lane is given back without an outcome. Tells the same.
    pub(crate) fn released(&mut self, key: Key) -> bool {
        if let Some(queue) = self.lanes.get_mut(&key) {
            self.held -= queue.held.len();
            queue.held.clear();
        }
        self.forget_if_done(key)
    }

    fn forget_if_done(&mut self, key: Key) -> bool {
        let is_done =
            |queue: &Queue| queue.held.is_empty() && !queue.in_flight && queue.unrecorded == 0;
        if !self.lanes.get(&key).is_some_and(is_done) {
            return false;
        }
        let Some(queue) = self.lanes.remove(&key) else { return false };
        let Some(endpoint) = self.endpoints.get_mut(&queue.endpoint) else { return queue.more };
        endpoint.lanes -= 1;
        queue.more || std::mem::take(&mut endpoint.waits)
    }

    /// Everything that is held goes: the lanes that are to be given back.
    pub(crate) fn drain(&mut self) -> Vec<Arc<LeasedLane>> {
        let idle = self.lanes.values().filter(|queue| !queue.in_flight);
        let lanes = idle.map(|queue| Arc::clone(&queue.lease)).collect();
        for queue in self.lanes.values_mut() {
            queue.held.clear();
        }
        self.held = 0;
        lanes
    }

    /// When the next rest ends that lanes wait for.
    pub(crate) fn rests_until(&self) -> impl Iterator<Item = Instant> {
        self.endpoints
            .values()
            .filter(|endpoint| endpoint.lanes == 0 && endpoint.waits)
            .filter_map(|endpoint| endpoint.circuit.rest_until())
            .chain(
                self.lanes
                    .values()
                    .filter(|queue| !queue.held.is_empty())
                    .filter_map(|queue| self.endpoints.get(&queue.endpoint)?.circuit.rest_until()),
            )
    }

    /// Whether lanes wait for an endpoint whose rest is over; only once.
    pub(crate) fn is_rested(&mut self, now: Instant) -> bool {
        let mut rested = false;
        for endpoint in self.endpoints.values_mut() {
            let over = endpoint.circuit.rest_until().is_some_and(|until| until <= now);
            if endpoint.waits && endpoint.lanes == 0 && over {
                endpoint.waits = false;
                rested = true;
            }
        }
        rested
    }

    /// Whether lanes wait for the share of the spared; only once.
    pub(crate) fn waits_for_share(&mut self) -> bool {
        let mut waited = false;
        for endpoint in self.endpoints.values_mut() {
            if endpoint.lanes == 0 && endpoint.circuit.is_strained() {
                waited |= std::mem::take(&mut endpoint.waits);
            }
        }
        waited
    }

    /// Forgets endpoints that nothing went to for long.
    pub(crate) fn tidy(&mut self, now: Instant) {
        self.endpoints.retain(|_, endpoint| {
            let is_idle = endpoint.lanes == 0 && !endpoint.waits;
            let is_calm = endpoint.circuit.is_calm();
            !(is_idle && (is_calm || now.duration_since(endpoint.used) > REMEMBERED))
        });
    }
}

/// Scheme, host and port; what is no URL stands for itself.
fn endpoint_of(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.origin().ascii_serialization())
}

/// When the first of these lanes is due that is not yet.
pub(crate) fn first_later(found: &[WaitingLane], now: Timestamp) -> Option<Timestamp> {
    found.iter().map(|waiting| waiting.due).filter(|due| *due > now).min()
}

#[cfg(test)]
mod tests;
