//! Introspections at a fixed rate, whether the server keeps up or not (an open loop): a request
//! that had to wait for a free connection is measured from the moment it was due.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Uri};

use super::token::{Forms, headers};
use crate::cmd::bench::load::{self, Connection, Measured, Next, Plan, Recorder, Target, Worker};

/// When requests are due: one after the other, since the first was taken.
struct Schedule {
    started: Cell<Option<Instant>>,
    taken: Cell<u32>,
    gap: Duration,
}

impl Schedule {
    fn next(&self) -> Instant {
        let started = self.started.get().unwrap_or_else(Instant::now);
        self.started.set(Some(started));
        let number = self.taken.replace(self.taken.get() + 1);
        started + self.gap * number
    }
}

struct Introspect {
    connection: Connection,
    uri: Uri,
    forms: Forms,
    schedule: Rc<Schedule>,
}

impl Worker for Introspect {
    async fn step(&mut self, recorder: &mut Recorder) -> Next {
        let Some(form) = self.forms.borrow_mut().next() else {
            return Next::Done;
        };
        let due = self.schedule.next();
        let waited = Instant::now() < due;
        tokio::time::sleep_until(due.into()).await;
        // A timer is up to a millisecond late; that is the generator's doing, not the server's.
        let started = if waited { Instant::now() } else { due };
        let answer = self.connection.send(Method::POST, self.uri.clone(), form).await;
        let outcome = answer.and_then(|(status, body)| match status {
            200 if !is_active(&body) => Err("inactive".to_owned()),
            status => Ok(status),
        });
        recorder.record(0, started, outcome);
        Next::Again
    }
}

fn is_active(body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body)
        .is_ok_and(|answer| answer.get("active") == Some(&true.into()))
}

/// How many are due in the time of the plan.
pub fn count(plan: &Plan, per_second: u32) -> usize {
    let time = plan.duration + plan.warm_up;
    (time.as_secs_f64() * f64::from(per_second)).ceil() as usize
}

/// Introspects at this rate.
pub fn run(
    plan: &Plan,
    endpoint: &str,
    forms: Vec<Bytes>,
    per_second: u32,
) -> anyhow::Result<Measured> {
    let target = Target::parse(endpoint)?;
    let uri = target.uri("")?;
    let forms: Forms = Rc::new(RefCell::new(forms.into_iter()));
    let schedule = Rc::new(Schedule {
        started: Cell::new(None),
        taken: Cell::new(0),
        gap: Duration::from_secs(1) / per_second.max(1),
    });
    let workers = (0..plan.connections.max(1)).map(|_| Introspect {
        connection: Connection::new(&target, None, &headers()),
        uri: uri.clone(),
        forms: forms.clone(),
        schedule: schedule.clone(),
    });
    load::run(plan, &["introspect"], workers.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_due_at_a_fixed_distance() {
        let schedule = Schedule {
            started: Cell::new(None),
            taken: Cell::new(0),
            gap: Duration::from_millis(2),
        };
        let first = schedule.next();
        assert_eq!(schedule.next() - first, Duration::from_millis(2));
        assert_eq!(schedule.next() - first, Duration::from_millis(4));
    }

    #[test]
    fn an_inactive_token_is_an_error() {
        assert!(is_active(br#"{"active":true}"#));
        assert!(!is_active(br#"{"active":false}"#) && !is_active(b""));
    }
}
