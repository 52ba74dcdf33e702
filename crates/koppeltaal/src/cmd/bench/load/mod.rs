//! Putting load on a server: workers that repeat a step until time, count or work runs out, and
//! what they measured.
//!
//! The generator shares the machine with the server it measures, so it is cheap on purpose: one
//! thread, one connection for each worker, bodies rendered beforehand.

mod connection;
mod histogram;
mod recorder;
mod report;

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, Instant};

pub use connection::{Connection, Target};
pub use recorder::{Recorder, Tally};
pub use report::{Line, Report};

/// How long, how much and over how many connections.
#[derive(Debug, Clone, clap::Args)]
pub struct Plan {
    /// Connections, each with one request at a time
    #[arg(long, short = 'c', default_value_t = 32)]
    pub connections: usize,
    /// How long to measure
    #[arg(long, short = 'd', default_value = "10s", value_parser = super::duration)]
    pub duration: Duration,
    /// How long to run before measuring begins
    #[arg(long, default_value = "2s", value_parser = super::duration)]
    pub warm_up: Duration,
    /// Stop after this many steps instead (nothing is warmed up then)
    #[arg(long, short = 'n')]
    pub count: Option<u64>,
}

/// What becomes of a worker after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It takes another step.
    Again,
    /// There is nothing left for it to do.
    Done,
}

/// One worker: a connection and what it does over it.
pub trait Worker {
    /// One step. What it measures goes to the recorder.
    fn step(&mut self, recorder: &mut Recorder) -> impl Future<Output = Next>;
}

/// What all workers measured together.
#[derive(Debug)]
pub struct Measured {
    /// The time over which was measured.
    pub seconds: f64,
    /// For each kind of request what happened.
    pub tallies: Vec<Tally>,
}

/// Runs the workers, one for each connection of the plan, and waits for all of them. `kinds` names
/// what they record.
pub fn run<W: Worker + 'static>(
    plan: &Plan,
    kinds: &[&'static str],
    workers: Vec<W>,
) -> anyhow::Result<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    let started = Instant::now();
    let measuring_from = match plan.count {
        Some(_) => started,
        None => started + plan.warm_up,
    };
    let until = plan.count.is_none().then(|| measuring_from + plan.duration);
    let left = Rc::new(Cell::new(plan.count.unwrap_or(u64::MAX)));
    let recorders = local.block_on(&runtime, async {
        let workers = workers.into_iter().map(|worker| {
            let recorder = Recorder::new(kinds, measuring_from, until);
            tokio::task::spawn_local(work(worker, recorder, left.clone(), until))
        });
        let workers: Vec<_> = workers.collect();
        let mut recorders = Vec::with_capacity(workers.len());
        for worker in workers {
            recorders.push(worker.await?);
        }
        anyhow::Ok(recorders)
    })?;
    let ended = until.unwrap_or_else(Instant::now).min(Instant::now());
    let mut tallies: Vec<Tally> = kinds.iter().map(|name| Tally::new(name)).collect();
    for recorder in &recorders {
        for (sum, part) in tallies.iter_mut().zip(recorder.tallies()) {
            sum.add(part);
        }
    }
    let seconds = ended.saturating_duration_since(measuring_from).as_secs_f64();
    Ok(Measured { seconds: seconds.max(1e-9), tallies })
}

async fn work<W: Worker>(
    mut worker: W,
    mut recorder: Recorder,
    left: Rc<Cell<u64>>,
    until: Option<Instant>,
) -> Recorder {
    while left.get() > 0 && until.is_none_or(|until| Instant::now() < until) {
        left.set(left.get() - 1);
        if worker.step(&mut recorder).await == Next::Done {
            break;
        }
    }
    recorder
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;

    impl Worker for Counting {
        async fn step(&mut self, recorder: &mut Recorder) -> Next {
            recorder.record(0, Instant::now(), Ok(200));
            tokio::task::yield_now().await;
            Next::Again
        }
    }

    #[test]
    fn a_count_is_shared_by_all_workers() {
        let plan = Plan {
            connections: 3,
            duration: Duration::from_secs(60),
            warm_up: Duration::from_secs(60),
            count: Some(100),
        };
        let measured = run(&plan, &["step"], vec![Counting, Counting, Counting]).unwrap();
        assert_eq!(measured.tallies[0].latencies.count(), 100);
    }
}
