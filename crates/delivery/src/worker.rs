//! The loop of the delivery: look which instances have something due, lease some
//! of it, send, record. One task owns all state; only requests and store closures
//! run beside it.

mod record;
mod stop;

use std::collections::{BTreeMap, HashMap};
use std::future::pending;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::{Result, Timestamp};
use koppeltaal_store::outbox::{self, Due, Next, Outcome, Release, Waiting, Wanted};
use tokio::sync::{Notify, oneshot};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

use self::record::Recording;
use crate::call::{Answer, Clients};
use crate::lane::Lane;
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::webhook::{Plan, plan};
use crate::{Deps, retry_after, webhook};

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
            clients: Arc::new(Clients::new(&settings)?),
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
        let look_at = if self.may_look() {
            self.look_at
        } else {
            now + self.settings.poll
        };
        let rests = self
            .lanes
            .values()
            .filter_map(Lane::rests_until)
            .filter(|until| *until > now);
        rests
            .chain(self.recording.starts_at())
            .fold(look_at, Instant::min)
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
        let mut room = HELD
            .saturating_sub(self.held + self.running.len())
            .min(AT_ONCE);
        let mut strained = self
            .settings
            .strained_total()
            .saturating_sub(self.strained_running);
        let mut wanted = Vec::new();
        // The longest overdue first: whoever is left out now comes first then.
        found.sort_by_key(|waiting| waiting.due);
        for Waiting {
            domain,
            instance,
            due,
        } in found
        {
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
                wanted.push(Wanted {
                    domain,
                    instance,
                    limit: limit as i64,
                });
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
            let got = store
                .write(move |tx| outbox::lease(tx, &asked, now, until))
                .await?;
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
            self.lanes
                .entry(due.instance)
                .or_default()
                .held
                .push_back(due);
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

    /// Begins as many requests as may be in flight, one instance after the other.
    fn send(&mut self, now: Instant) {
        let turns: Vec<i64> = self
            .lanes
            .range((Excluded(self.served), Unbounded))
            .chain(self.lanes.range((Unbounded, Included(self.served))))
            .filter(|(_, lane)| !lane.held.is_empty())
            .map(|(instance, _)| *instance)
            .collect();
        let mut went_on = !turns.is_empty();
        while went_on && self.running.len() < self.settings.total {
            went_on = false;
            for instance in &turns {
                if self.running.len() >= self.settings.total {
                    break;
                }
                if let Some(due) = self.take(*instance, now) {
                    self.served = *instance;
                    went_on = true;
                    self.begin(due);
                }
            }
        }
    }

    /// The next notification of an instance, if it may be called now.
    fn take(&mut self, instance: i64, now: Instant) -> Option<Due> {
        let lane = self.lanes.get_mut(&instance)?;
        let share = self.settings.strained_total();
        if !lane.has_slot(self.settings.per_instance, now)
            || (lane.is_strained() && self.strained_running >= share)
        {
            return None;
        }
        let due = lane.held.pop_front()?;
        self.held -= 1;
        Some(due)
    }

    fn begin(&mut self, due: Due) {
        let now = self.deps.clock.now();
        // It waited for its slot too long: another process may take it over
        // before an answer is sure to be recorded.
        if due.lease.since(now) < self.settings.least_lease() {
            self.more_of(due.instance);
            return self.recording.release(Release::of(&due, now));
        }
        let directory = Arc::clone(&self.deps.directory.borrow());
        match plan(&due, &directory, &self.deps.open, now) {
            Plan::Wait => {
                let later = now.plus(Duration::from_secs(1));
                self.recording.release(Release::of(&due, later));
            }
            Plan::Fail(endpoint, error) => {
                self.metrics.refused();
                let answer = Answer {
                    error: Some(error),
                    ..Answer::default()
                };
                self.settle(&due, Some(endpoint), now, &answer);
                self.drained(due.instance);
            }
            Plan::GiveUp(reason) => {
                self.metrics.refused();
                self.metrics.died();
                let answer = Answer {
                    error: Some(reason.to_owned()),
                    ..Answer::default()
                };
                self.recording
                    .outcome(outcome(&due, None, now, now, &answer, Next::Dead));
                self.drained(due.instance);
            }
            Plan::Send(request) => {
                let endpoint = webhook::shown(request.url.as_str());
                let lane = self.lanes.entry(due.instance).or_default();
                lane.in_flight += 1;
                let strained = lane.is_strained();
                self.strained_running += usize::from(strained);
                let clients = Arc::clone(&self.clients);
                let task = self
                    .requests
                    .spawn(async move { clients.post(request).await });
                self.running.insert(
                    task.id(),
                    Running {
                        due,
                        endpoint,
                        started: now,
                        strained,
                    },
                );
            }
        }
    }

    /// A request has ended.
    fn ended(&mut self, ended: Result<(Id, Answer), JoinError>) {
        let (id, answer) = match ended {
            Ok(ended) => ended,
            Err(failure) => {
                let error = Some(format!("the request broke off: {failure}"));
                (
                    failure.id(),
                    Answer {
                        error,
                        ..Answer::default()
                    },
                )
            }
        };
        let Some(running) = self.running.remove(&id) else {
            return;
        };
        let Running {
            due,
            endpoint,
            started,
            strained,
        } = running;
        self.strained_running -= usize::from(strained);
        let failed = answer.error.is_some();
        self.metrics.attempted(!failed, answer.took);
        if let Some(lane) = self.lanes.get_mut(&due.instance) {
            lane.in_flight -= 1;
            let slow = answer.took >= self.settings.slow();
            lane.attempted(failed || slow, failed, answer.took, Instant::now());
        }
        self.settle(&due, Some(endpoint), started, &answer);
        self.drained(due.instance);
        if strained
            && self
                .lanes
                .values()
                .any(|lane| lane.more && lane.held.is_empty())
        {
            // A slot of the share of the strained is free again.
            self.look_soon();
        }
    }

    /// Decides what an answer means for its notification.
    fn settle(&mut self, due: &Due, endpoint: Option<String>, started: Timestamp, answer: &Answer) {
        let now = self.deps.clock.now();
        let next = self.next(due, answer, now);
        let instance = due.instance;
        let notification = due.id;
        let error = answer.error.as_deref().unwrap_or_default();
        match next {
            Next::Delivered => {
                tracing::debug!(notification, instance, "notification delivered");
            }
            Next::Retry(at) => {
                tracing::info!(notification, instance, error, next = %at, "notification failed");
            }
            Next::Dead => {
                self.metrics.died();
                tracing::warn!(notification, instance, error, "notification given up");
            }
        }
        self.recording
            .outcome(outcome(due, endpoint, started, now, answer, next));
    }

    fn next(&self, due: &Due, answer: &Answer, now: Timestamp) -> Next {
        if answer.error.is_none() {
            return Next::Delivered;
        }
        let failed = due.failed.saturating_add(1);
        let jitter = (self.deps.jitter)();
        let Some(scheduled) = self.settings.schedule.next(failed, now, jitter) else {
            return Next::Dead;
        };
        let asked = answer
            .retry_after
            .as_deref()
            .and_then(|header| retry_after::pause(header, now));
        Next::Retry(scheduled.max(now.plus(asked.unwrap_or_default())))
    }

    /// Looks again when an instance of which there is more has used up its share.
    fn drained(&mut self, instance: i64) {
        let now = Instant::now();
        if let Some(lane) = self.lanes.get_mut(&instance)
            && lane.more
            && lane.wants(now) > 0
        {
            lane.more = false;
            self.look_soon();
        }
    }

    fn more_of(&mut self, instance: i64) {
        if let Some(lane) = self.lanes.get_mut(&instance) {
            lane.more = true;
        }
        self.drained(instance);
    }
}

fn outcome(
    due: &Due,
    endpoint: Option<String>,
    started: Timestamp,
    ended: Timestamp,
    answer: &Answer,
    next: Next,
) -> Outcome {
    Outcome {
        domain: due.domain,
        id: due.id,
        lease: due.lease,
        trigger: due.trigger,
        started,
        ended,
        duration: answer.took,
        endpoint,
        status: answer.status,
        error: answer.error.clone(),
        next,
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
