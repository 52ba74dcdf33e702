//! Runs transactions one after the other, or a few at the same time, and measures them.

use std::collections::VecDeque;
use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::cmd::bench::load::{Line, Measured, Report, Tally};

/// What ran.
pub struct Ran {
    /// The time over which was measured.
    seconds: f64,
    /// Transactions.
    transactions: Tally,
    /// Messages in them.
    messages: u64,
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long to run before measuring begins.
    pub warm_up: Duration,
    /// How long to measure.
    pub duration: Duration,
    /// Transactions at the same time.
    pub in_flight: usize,
}

/// Starts what `next` gives until it gives nothing or time is over. Each answers with how many
/// messages it was about.
pub async fn run<F>(limits: Limits, mut next: impl FnMut() -> Option<F>) -> Result<Ran>
where
    F: Future<Output = Result<u64>> + Send + 'static,
{
    let from = Instant::now() + limits.warm_up;
    let until = from + limits.duration;
    let mut running = VecDeque::new();
    let mut ran = Ran { seconds: 0.0, transactions: Tally::new("commits"), messages: 0 };
    let mut ended = from;
    loop {
        while running.len() < limits.in_flight.max(1) && Instant::now() < until {
            let Some(work) = next() else { break };
            running.push_back(tokio::spawn(async move {
                let started = Instant::now();
                let messages = work.await;
                (started.elapsed(), messages)
            }));
        }
        let Some(oldest) = running.pop_front() else {
            break;
        };
        let (latency, messages) = oldest.await?;
        let messages = messages?;
        let now = Instant::now();
        if now >= from && now <= until {
            ended = now;
            ran.transactions.latencies.record(latency);
            ran.messages += messages;
        }
    }
    ran.seconds = (ended - from).as_secs_f64().max(1e-9);
    Ok(ran)
}

impl Ran {
    /// The report: a line for the messages (or what `unit` calls them), whose latencies are those
    /// of their transactions, and one for the transactions.
    pub fn report(&self, workload: &str, target: String, in_flight: usize, unit: &str) -> Report {
        let tallies = vec![self.transactions.clone()];
        let measured = Measured { seconds: self.seconds, tallies };
        let mut report = Report::of(workload, target, in_flight, &measured);
        let mut messages = Line::of(&self.transactions, self.seconds);
        unit.clone_into(&mut messages.name);
        messages.count = self.messages;
        messages.per_second = self.messages as f64 / self.seconds;
        report.lines.insert(0, messages);
        report
    }
}
