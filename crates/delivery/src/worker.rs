//! The loop of the delivery: look which instances have something due, lease some
//! of it, send, record. One task owns all state; only requests and store closures
//! run beside it.

mod attempt;
mod record;
mod stop;

use std::collections::{BTreeMap, HashMap};
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::{Result, Timestamp};
use koppeltaal_outbound::Clients;
use koppeltaal_store::outbox::{self, Due, Waiting, Wanted};
use tokio::sync::{Notify, oneshot};
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep_until};

use self::record::Recording;
use crate::Deps;
use crate::call::Answer;
use crate::lane::Lane;
use crate::metrics::Metrics;
use crate::settings::Settings;

/// Notifications that one closure leases: it must not hold up the writer.
const AT_ONCE: usize = 128;

/// Notifications that this process holds, in flight or waiting for a slot.
const HELD: usize = 4096;

/// The shortest pause between two looks that only the time asks for.
const SHORTEST: Duration = Duration::from_millis(5);

/// After the store could not be read or written.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Something of the store that is on its way.
type Underway<T> = Option<Pin<Box<dyn Future<Output = Result<T>> + Send>>>;

/// A request in flight.
struct Running {
    due: Due,
    endpoint: String,
    started: Timestamp,
    strained: bool,
}

pub(crate) struct Worker {
    deps: Deps,
    settings: Settings,
    clients: Arc<Clients>,
    metrics: Arc<Metrics>,
    wake: Arc<Notify>,

    lanes: BTreeMap<i64, Lane>,
    /// The instance that was served last: the next one has its turn.
    served: i64,
    requests: JoinSet<Answer>,
    running: HashMap<Id, Running>,
    strained_running: usize,
    held: usize,

    look_at: Instant,
    looking: Underway<Vec<Waiting>>,
    leasing: Underway<Leased>,
    /// Instances with something due that the last look had no room for.
    left_out: bool,
    recording: Recording,
}

/// What was wanted, and what was got.
struct Leased {
    wanted: Arc<Vec<Wanted>>,
    got: Vec<Due>,
}

impl Worker {
    pub(crate) fn new(
        deps: Deps,
        settings: Settings,
        wake: Arc<Notify>,
        metrics: Arc<Metrics>,
    ) -> Result<Self> {
        Ok(Self {
            clients: Arc::new(Clients::new(settings.outbound())?),
            deps,
            settings,
            metrics,
            wake,
            lanes: BTreeMap::new(),
            served: 0,
            requests: JoinSet::new(),
            running: HashMap::new(),
            strained_running: 0,
            held: 0,
            look_at: Instant::now(),
            looking: None,
            leasing: None,
            left_out: false,
            recording: Recording::default(),
        })
    }

    pub(crate) async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        loop {
            let now = Instant::now();
            self.send(now);
            self.recording.start(&self.deps.store, now);
            self.look(now);
            self.metrics.busy(self.running.len(), self.held);
            let timer = self.timer(now);
            tokio::select! {
                _ = &mut stop => break,
                () = self.wake.notified() => self.look_soon(),
                Some(ended) = self.requests.join_next_with_id() => {
                    self.ended(ended);
                    // Whatever else has ended by now is recorded with it.
                    while let Some(ended) = self.requests.try_join_next_with_id() {
                        self.ended(ended);
                    }
                }
                found = arrival(&mut self.looking) => self.looked(found),
                leased = arrival(&mut self.leasing) => self.leased(leased),
                due = self.recording.finished(&self.metrics) => self.recorded(due),
                () = sleep_until(timer) => {}
            }
        }
        self.stop().await;
    }

    fn look_soon(&mut self) {
        self.look_at = Instant::now();
    }

    fn look_within(&mut self, pause: Duration) {
        self.look_at = self.look_at.min(Instant::now() + pause.max(SHORTEST));
    }

    /// Outcomes are in the store; the first of them is due again at this moment.
    fn recorded(&mut self, due: Option<Timestamp>) {
        if let Some(due) = due {
            self.look_within(due.since(self.deps.clock.now()));
        }
    }

    /// Whether a look would make sense now. Outcomes that cannot be written would
    /// be forgotten by a new lease.
    fn may_look(&self) -> bool {
        self.looking.is_none() && self.leasing.is_none() && !self.recording.is_stuck()
    }

    /// When the loop has something to do that nothing else tells it.
    fn timer(&self, now: Instant) -> Instant {
        let look_at = if self.may_look() { self.look_at } else { now + self.settings.poll };
        let rests = self.lanes.values().filter_map(Lane::rests_until).filter(|until| *until > now);
        rests.chain(self.recording.starts_at()).fold(look_at, Instant::min)
    }

    /// Starts to look for what is due, when it is time to.
    fn look(&mut self, now: Instant) {
        let rested = self.lanes.values().any(|lane| lane.is_rested(now));
        if (now < self.look_at && !rested) || !self.may_look() {
            return;
        }
        self.look_at = now + self.settings.poll;
        let store = self.deps.store.clone();
        self.looking = Some(Box::pin(async move { store.read(outbox::waiting).await }));
    }

    /// Decides what to lease.
    fn looked(&mut self, found: Result<Vec<Waiting>>) {
        let mut found = match found {
            Ok(found) => found,
            Err(error) => return self.store_failed("looking for notifications", &error),
        };
        let now = self.deps.clock.now();
        let instant = Instant::now();
        self.left_out = false;
        self.lanes.values_mut().for_each(|lane| lane.more = false);
        self.lanes.retain(|_, lane| !lane.is_idle());
        let mut room = HELD.saturating_sub(self.held + self.running.len()).min(AT_ONCE);
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
        if !wanted.is_empty() {
            self.lease(wanted, now);
        }
    }

    fn lease(&mut self, wanted: Vec<Wanted>, now: Timestamp) {
        let wanted = Arc::new(wanted);
        let asked = Arc::clone(&wanted);
        let store = self.deps.store.clone();
        let until = now.plus(self.settings.lease());
        self.leasing = Some(Box::pin(async move {
            let got = store.write(move |tx| outbox::lease(tx, &asked, now, until)).await?;
            Ok(Leased { wanted, got })
        }));
    }

    fn leased(&mut self, leased: Result<Leased>) {
        let Leased { wanted, got } = match leased {
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
        if self.left_out {
            self.look_soon();
        }
    }

    fn store_failed(&mut self, doing: &str, error: &koppeltaal_core::Error) {
        tracing::warn!(%error, "{doing} failed, trying again");
        self.look_at = Instant::now() + STORE_PAUSE;
    }
}

/// What is underway, when it arrives; nothing for ever when nothing is underway.
async fn arrival<T>(underway: &mut Underway<T>) -> Result<T> {
    match underway {
        Some(future) => {
            let arrived = future.await;
            *underway = None;
            arrived
        }
        None => pending().await,
    }
}
