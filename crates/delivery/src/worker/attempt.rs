//! Attempts: who may be called now, what is sent, and what the answer means.

use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::{Result, Timestamp};
use koppeltaal_store::outbox::{Due, Next, Outcome, Release};
use tokio::task::{Id, JoinError};
use tokio::time::Instant;

use super::{Job, Running, Worker};
use crate::call::{self, Answer, Plan, Request};
use crate::lane::Lane;
use crate::webhook::plan;
use crate::{retry_after, webhook};

impl Worker {
    /// Begins as many requests as may be in flight, one instance after the other.
    pub(super) fn send(&mut self, now: Instant) {
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
        match plan(&due, &directory, &self.deps.open, now, self.settings.timeout) {
            Plan::Wait => {
                let later = now.plus(Duration::from_secs(1));
                self.recording.release(Release::of(&due, later));
            }
            Plan::Fail(endpoint, error) => {
                self.metrics.refused();
                let answer = Answer { error: Some(error), ..Answer::default() };
                self.settle(&due, Some(endpoint), now, &answer);
                self.drained(due.instance);
            }
            Plan::GiveUp(reason) => {
                self.metrics.refused();
                self.metrics.died(1);
                let answer = Answer { error: Some(reason.to_owned()), ..Answer::default() };
                self.recording.outcome(outcome(&due, None, now, now, &answer, Next::Dead));
                self.drained(due.instance);
            }
            Plan::Send(request) => {
                let endpoint = webhook::shown(request.url.as_str());
                let lane = self.lanes.entry(due.instance).or_default();
                lane.in_flight += 1;
                let strained = lane.is_strained();
                self.strained_running += usize::from(strained);
                let running = Running { job: Job::Webhook(due), endpoint, started: now, strained };
                self.request(request, running);
            }
        }
    }

    /// A request has ended.
    pub(super) fn ended(&mut self, ended: Result<(Id, Answer), JoinError>) {
        let (id, answer) = match ended {
            Ok(ended) => ended,
            Err(failure) => {
                let error = Some(format!("the request broke off: {failure}"));
                (failure.id(), Answer { error, ..Answer::default() })
            }
        };
        let Some(running) = self.running.remove(&id) else {
            return;
        };
        let Running { job, endpoint, started, strained } = running;
        self.strained_running -= usize::from(strained);
        self.metrics.attempted(answer.error.is_none(), answer.took);
        match job {
            Job::Webhook(due) => self.webhook_ended(&due, endpoint, started, &answer),
            Job::RestHook { turn, request_id } => {
                self.hook_ended(*turn, &request_id, endpoint, started, &answer);
            }
        }
        let waits = |lane: &Lane| lane.more && lane.held.is_empty();
        // A slot of the share of the strained is free again.
        if strained && (self.lanes.values().any(waits) | self.queues.waits_for_share()) {
            self.look_soon();
        }
    }

    /// Sends a request.
    pub(super) fn request(&mut self, request: Request, running: Running) {
        let clients = Arc::clone(&self.clients);
        let task = self.requests.spawn(async move { call::post(&clients, request).await });
        self.running.insert(task.id(), running);
    }

    fn webhook_ended(&mut self, due: &Due, endpoint: String, started: Timestamp, answer: &Answer) {
        let failed = answer.error.is_some();
        if let Some(lane) = self.lanes.get_mut(&due.instance) {
            lane.in_flight -= 1;
            let slow = answer.took >= self.settings.slow();
            lane.attempted(failed || slow, failed, answer.took, Instant::now());
        }
        self.settle(due, Some(endpoint), started, answer);
        self.drained(due.instance);
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
                self.metrics.died(1);
                tracing::warn!(notification, instance, error, "notification given up");
            }
        }
        self.recording.outcome(outcome(due, endpoint, started, now, answer, next));
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
        let longest = retry_after::OF_WEBHOOK;
        let asked = answer
            .retry_after
            .as_deref()
            .and_then(|header| retry_after::pause(header, now, longest));
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
