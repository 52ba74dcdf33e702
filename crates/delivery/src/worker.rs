//! The loop of the delivery: look which instances and lanes have something due,
//! lease some of it, send, record. One task owns all state; only requests and
//! store closures run beside it.

mod attempt;
mod hook;
mod look;
mod record;
mod stop;

use std::collections::{BTreeMap, HashMap};
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::{Result, Timestamp};
use koppeltaal_outbound::Clients;
use koppeltaal_store::outbox::{Due, LaneRelease};
use tokio::sync::{Notify, oneshot};
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep_until};

use self::look::{Found, Leased};
use self::record::{Recorded, Recording};
use crate::Deps;
use crate::call::Answer;
use crate::lane::Lane;
use crate::metrics::Metrics;
use crate::queues::{Bounds, Key, Queues, Turn};
use crate::settings::Settings;

/// The shortest pause between two looks that only the time asks for.
const SHORTEST: Duration = Duration::from_millis(5);

/// Something of the store that is on its way.
type Underway<T> = Option<Pin<Box<dyn Future<Output = Result<T>> + Send>>>;

/// What a request is about.
enum Job {
    Webhook(Due),
    RestHook {
        turn: Box<Turn>,
        /// The id of the request itself.
        request_id: String,
    },
}

/// A request in flight.
struct Running {
    job: Job,
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
    /// Rest-hooks.
    queues: Queues,

    look_at: Instant,
    looking: Underway<Found>,
    /// After which lane the next look goes on.
    cursor: Key,
    /// Whether something was committed since the lanes were looked at from the start.
    woken: bool,
    leasing: Underway<Leased>,
    /// Instances with something due that the last look had no room for.
    left_out: bool,
    recording: Recording,
}

impl Worker {
    pub(crate) fn new(
        deps: Deps,
        settings: Settings,
        wake: Arc<Notify>,
        metrics: Arc<Metrics>,
    ) -> Result<Self> {
        let bounds =
            Bounds { per_endpoint: settings.per_endpoint, coalesce: settings.hook_coalesce };
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
            queues: Queues::new(bounds),
            cursor: look::START,
            woken: false,
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
            self.send_hooks(now);
            self.send(now);
            self.recording.start(&self.deps, now);
            self.look(now);
            let held = self.held + self.queues.held();
            self.metrics.busy(self.running.len(), held, self.queues.strained());
            let timer = self.timer(now);
            tokio::select! {
                _ = &mut stop => break,
                () = self.wake.notified() => {
                    self.woken = true;
                    self.look_soon();
                }
                Some(ended) = self.requests.join_next_with_id() => {
                    self.ended(ended);
                    // Whatever else has ended by now is recorded with it.
                    while let Some(ended) = self.requests.try_join_next_with_id() {
                        self.ended(ended);
                    }
                }
                found = arrival(&mut self.looking) => self.looked(found),
                leased = arrival(&mut self.leasing) => self.leased(leased),
                recorded = self.recording.finished(&self.metrics) => self.recorded(recorded),
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
    fn recorded(&mut self, recorded: Recorded) {
        if let Some(due) = recorded.due {
            self.look_within(due.since(self.deps.clock.now()));
        }
        let mut more = false;
        let now = self.deps.clock.now();
        for key in recorded.changed {
            // What is left is sent as the subscription says now, or not at all.
            if let Some(lane) = self.queues.give_up(key) {
                self.recording.release_lane(LaneRelease::of(&lane, now));
            }
            more = true;
        }
        for key in recorded.lanes {
            more |= self.queues.recorded(key);
        }
        if more {
            self.look_soon();
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
        let hooks = self.queues.rests_until().filter(|until| *until > now);
        rests.chain(hooks).chain(self.recording.starts_at()).fold(look_at, Instant::min)
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
