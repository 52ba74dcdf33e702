//! Writes at a fixed rate, whether the server keeps up or not, and when each was sent and answered.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Uri};

use super::receiver::REQUEST_ID;
use crate::cmd::bench::kt2::resources::work::Asker;
use crate::cmd::bench::load::{self, Connection, Line, Next, Plan, Recorder, Worker};

/// A write that was answered.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Its number, which its request id tells.
    pub number: u64,
    /// When it was handed to the connection.
    pub sent: Instant,
    /// When its whole answer had been read: the commit was before.
    pub answered: Instant,
}

/// What is written.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The number of the first write.
    pub first: u64,
    /// How many there are.
    pub count: u64,
    /// From one to the next.
    pub gap: Duration,
    /// Over how many connections.
    pub connections: usize,
}

struct Shared {
    pace: Pace,
    started: Cell<Option<Instant>>,
    taken: Cell<u64>,
    written: RefCell<Vec<Written>>,
}

struct Writer<B> {
    connection: Connection,
    uri: Uri,
    shared: Rc<Shared>,
    body: Rc<B>,
}

impl<B: Fn(u64) -> Bytes> Worker for Writer<B> {
    async fn step(&mut self, recorder: &mut Recorder) -> Next {
        let shared = self.shared.clone();
        let Some((number, due)) = shared.next() else { return Next::Done };
        let body = (self.body)(number);
        let Ok(id) = HeaderValue::from_str(&format!("{REQUEST_ID}{number}")) else {
            return Next::Done;
        };
        self.connection.set(HeaderName::from_static("x-request-id"), id);
        tokio::time::sleep_until(due.into()).await;
        let sent = Instant::now();
        let answer = self.connection.send(Method::POST, self.uri.clone(), body).await;
        let answered = Instant::now();
        if matches!(answer, Ok((201, _))) {
            shared.written.borrow_mut().push(Written { number, sent, answered });
        }
        recorder.record(0, sent, answer.map(|(status, _)| status));
        Next::Again
    }
}

impl Shared {
    /// The next number, and when it is due.
    fn next(&self) -> Option<(u64, Instant)> {
        let taken = self.taken.get();
        if taken >= self.pace.count {
            return None;
        }
        self.taken.set(taken + 1);
        let started = self.started.get().unwrap_or_else(Instant::now);
        self.started.set(Some(started));
        let gaps = u32::try_from(taken).unwrap_or(u32::MAX);
        Some((self.pace.first + taken, started + self.pace.gap * gaps))
    }
}

/// Creates resources of a type at this pace.
pub fn writes<B: Fn(u64) -> Bytes + 'static>(
    pace: Pace,
    asker: &Asker,
    path: &str,
    body: B,
) -> Result<(Line, Vec<Written>)> {
    let uri = asker.target.uri(path)?;
    let body = Rc::new(body);
    let shared = Rc::new(Shared {
        pace,
        started: Cell::default(),
        taken: Cell::default(),
        written: RefCell::default(),
    });
    let workers = (0..pace.connections.max(1)).map(|_| Writer {
        connection: asker.connection(),
        uri: uri.clone(),
        shared: shared.clone(),
        body: body.clone(),
    });
    let plan = Plan {
        connections: pace.connections,
        duration: Duration::ZERO,
        warm_up: Duration::ZERO,
        count: Some(pace.count),
    };
    let measured = load::run(&plan, &["create"], workers.collect())?;
    let tally = measured.tallies.first().context("nothing was measured")?;
    Ok((Line::of(tally, measured.seconds), shared.written.take()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_numbered_and_due_at_a_fixed_distance() {
        let pace = Pace { first: 5, count: 2, gap: Duration::from_millis(2), connections: 1 };
        let shared = Shared {
            pace,
            started: Cell::default(),
            taken: Cell::default(),
            written: RefCell::default(),
        };
        let (first, due) = shared.next().unwrap();
        let (second, then) = shared.next().unwrap();
        assert_eq!((first, second, then - due), (5, 6, pace.gap));
        assert!(shared.next().is_none());
    }
}
