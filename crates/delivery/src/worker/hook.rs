//! Attempts at rest-hooks: one at a time in each lane, the next one when the last
//! was answered with a 2xx.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::Timestamp;
use koppeltaal_core::audit::Entry;
use koppeltaal_store::outbox::{LaneNext, LaneOutcome, LaneRelease};
use tokio::time::Instant;

use super::{Job, Running, Worker};
use crate::call::{Answer, Plan};
use crate::queues::Turn;
use crate::rest_hook::{self, Planned};
use crate::{retry_after, transmit, webhook};

impl Worker {
    /// Begins as many requests as may be in flight, one lane after the other.
    pub(super) fn send_hooks(&mut self, now: Instant) {
        // A lane that sends nothing (its notification is given up) goes on at once.
        loop {
            let turns = self.queues.turns();
            let mut went_on = false;
            for key in turns {
                if self.running.len() >= self.settings.total {
                    return;
                }
                let may_strain = self.strained_running < self.settings.strained_total();
                if let Some(turn) = self.queues.take(key, may_strain, now) {
                    went_on = true;
                    self.begin_hook(turn);
                }
            }
            if !went_on {
                return;
            }
        }
    }

    fn begin_hook(&mut self, turn: Turn) {
        let now = self.deps.clock.now();
        // It waited for its slot too long: another process may take it over
        // before an answer is sure to be recorded.
        if turn.lane.lease.since(now) < self.settings.least_lease() {
            return self.give_back(&turn, now);
        }
        let directory = Arc::clone(&self.deps.directory.borrow());
        let timeout = self.settings.hook_timeout;
        let Planned { plan, request_id, is_unchecked } =
            rest_hook::plan(&turn.lane, &turn.sent, &directory, now, timeout);
        if is_unchecked {
            self.metrics.sent_unchecked();
        }
        match plan {
            Plan::Wait => self.give_back(&turn, now.plus(Duration::from_secs(1))),
            Plan::Fail(endpoint, error) => {
                self.metrics.refused();
                let answer = Answer { error: Some(error), ..Answer::default() };
                self.settle_hook(turn, &request_id, Some(endpoint), now, &answer);
            }
            Plan::GiveUp(reason) => {
                self.metrics.refused();
                if reason == rest_hook::WITHDRAWN {
                    self.metrics.withdrawn();
                }
                let answer = Answer { error: Some(reason.to_owned()), ..Answer::default() };
                self.give_up(turn, now, &answer);
            }
            Plan::Send(request) => {
                let endpoint = webhook::shown(request.url.as_str());
                let strained = self.queues.begun(turn.key());
                self.strained_running += usize::from(strained);
                let job = Job::RestHook { turn: Box::new(turn), request_id };
                self.request(request, Running { job, endpoint, started: now, strained });
            }
        }
    }

    /// Gives a lane back of which nothing was sent now.
    fn give_back(&mut self, turn: &Turn, due: Timestamp) {
        self.recording.release_lane(LaneRelease::of(&turn.lane, due));
        self.queues.released(turn.key());
        self.look_within(due.since(self.deps.clock.now()));
    }

    pub(super) fn hook_ended(
        &mut self,
        turn: Turn,
        request_id: &str,
        endpoint: String,
        started: Timestamp,
        answer: &Answer,
    ) {
        let slow = answer.took >= self.settings.slow_hook();
        let failed = answer.status.is_none();
        self.queues.ended(turn.key(), failed || slow, failed, answer.took, Instant::now());
        let now = self.deps.clock.now();
        for lane in self.queues.shed(turn.key()) {
            self.recording.release_lane(LaneRelease::of(&lane, now));
        }
        self.settle_hook(turn, request_id, Some(endpoint), started, answer);
    }

    /// Decides what an answer means for its lane.
    fn settle_hook(
        &mut self,
        turn: Turn,
        request_id: &str,
        endpoint: Option<String>,
        started: Timestamp,
        answer: &Answer,
    ) {
        let now = self.deps.clock.now();
        let next = self.next_of_lane(&turn, started, answer, now);
        let notification = turn.sent.id;
        let subscription = turn.lane.subscriber.id.as_str();
        let error = answer.error.as_deref().unwrap_or_default();
        match next {
            LaneNext::Delivered => {
                self.metrics.coalesced(turn.along.len());
                tracing::debug!(notification, subscription, "notification delivered");
            }
            LaneNext::Retry(at) => {
                tracing::info!(notification, subscription, error, next = %at, "notification failed");
            }
            LaneNext::Dead | LaneNext::Failed => {
                self.metrics.died(1);
                tracing::warn!(notification, subscription, error, "notification given up");
            }
        }
        let directory = Arc::clone(&self.deps.directory.borrow());
        let domain = directory.domains().iter().find(|domain| domain.number == turn.lane.domain);
        let event = domain.and_then(|domain| {
            transmit::entry(&turn.lane, &turn.sent, domain, request_id, started, answer)
        });
        self.record_hook(turn, endpoint, started, now, answer, next, event);
    }

    fn next_of_lane(
        &self,
        turn: &Turn,
        started: Timestamp,
        answer: &Answer,
        now: Timestamp,
    ) -> LaneNext {
        if answer.error.is_none() {
            return LaneNext::Delivered;
        }
        if turn.lane.subscriber.is_in_error {
            return LaneNext::Dead;
        }
        let schedule = &self.settings.hook_schedule;
        let asked = answer
            .retry_after
            .as_deref()
            .and_then(|header| retry_after::pause(header, now, schedule.give_up_after));
        let begun = if turn.head.failed == 0 { started } else { turn.head.begun };
        let failed = turn.head.failed.saturating_add(1);
        match schedule.next(failed, begun, now, (self.deps.jitter)(), asked) {
            Some(at) => LaneNext::Retry(at),
            None => LaneNext::Failed,
        }
    }

    /// This notification is not sent to anybody; the lane goes on.
    fn give_up(&mut self, mut turn: Turn, now: Timestamp, answer: &Answer) {
        self.metrics.died(1);
        let reason = answer.error.as_deref().unwrap_or_default();
        tracing::info!(notification = turn.sent.id, reason, "notification given up");
        // The others of one that stands for several are judged by themselves.
        turn.along.clear();
        self.record_hook(turn, None, now, now, answer, LaneNext::Dead, None);
    }

    #[expect(clippy::too_many_arguments, reason = "each is a column of one row")]
    fn record_hook(
        &mut self,
        turn: Turn,
        endpoint: Option<String>,
        started: Timestamp,
        ended: Timestamp,
        answer: &Answer,
        next: LaneNext,
        event: Option<Entry>,
    ) {
        let goes_on = matches!(next, LaneNext::Delivered | LaneNext::Dead);
        let is_last = self.queues.settled(turn.key(), goes_on);
        let outcome = LaneOutcome {
            domain: turn.lane.domain,
            lane: turn.lane.lane,
            version: turn.lane.subscriber.version,
            lease: turn.lane.lease,
            head: turn.head.id,
            sent: turn.sent.id,
            along: turn.along,
            trigger: turn.sent.trigger,
            started,
            ended,
            duration: answer.took,
            endpoint,
            status: answer.status,
            error: answer.error.clone(),
            next,
            is_last,
        };
        self.recording.hook(outcome, event);
    }
}
