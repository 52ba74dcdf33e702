//! From commit to POST: on a server that has nothing else to do, and on one that tells many, some
//! of whom do not answer.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::Args;
use super::ground::{Ground, patient};
use super::latency::{self, Told};
use super::pace::{self, Pace, Written};
use super::receiver::{Manner, Receiver};
use super::report::{Busy, Idle};
use crate::cmd::bench::kt2::read;
use crate::cmd::bench::load::{Line, Plan};

/// Between two writes to an idle server.
const PAUSE: Duration = Duration::from_millis(20);
/// How many endpoints hear of one write.
const AUDIENCE: usize = 10;
/// How long a notification may take before it counts as missing.
const PATIENCE: Duration = Duration::from_secs(20);

/// One write at a time, with one subscriber.
pub fn idle(args: &Args, ground: &Ground, first: u64) -> Result<Idle> {
    let receiver = Receiver::start(&[Manner::Prompt])?;
    let group = format!("idle-{first}");
    ground.subscribe([(group.clone(), receiver.url(0))].into_iter())?;
    let pace = Pace { first, count: writes_in(&args.plan, PAUSE), gap: PAUSE, connections: 1 };
    let asker = ground.asker()?;
    let body = move |number| patient(number, &group);
    let (create, written) = pace::writes(pace, &asker, "/Patient", body)?;
    let (told, _) = heard(&written, &receiver, &args.plan, |_| vec![0]);
    let short = Plan { duration: args.plan.duration / 4, count: None, ..args.plan.clone() };
    let empty = read::empty(&short, &ground.server.url)?;
    ground.unsubscribe()?;
    let empty = empty.tallies.first().map(|tally| Line::of(tally, empty.seconds));
    Ok(Idle { create, told, empty })
}

/// Writes at the rate that makes so many notifications, each to a group of endpoints of which one
/// is dead and one slow.
pub fn busy(args: &Args, ground: &Ground, first: u64) -> Result<Busy> {
    let endpoints = usize::try_from(args.endpoints)? / AUDIENCE * AUDIENCE;
    let groups = endpoints / AUDIENCE;
    let manners: Vec<Manner> = (0..endpoints)
        .map(|endpoint| match endpoint / groups {
            0 => Manner::Dead,
            1 => Manner::Slow(args.slow),
            _ => Manner::Prompt,
        })
        .collect();
    let receiver = Receiver::start(&manners)?;
    let name = move |group: usize| format!("busy-{first}-{group}");
    ground.subscribe((0..endpoints).map(|at| (name(at % groups), receiver.url(at))))?;
    let gap = Duration::from_secs(1) * u32::try_from(AUDIENCE)? / args.rate.max(1);
    let pace = Pace { first, count: writes_in(&args.plan, gap), gap, connections: 8 };
    let asker = ground.asker()?;
    let group_of = move |number: u64| usize::try_from(number - first).unwrap_or(0) % groups;
    let body = move |number| patient(number, &name(group_of(number)));
    let (create, written) = pace::writes(pace, &asker, "/Patient", body)?;
    let healthy = |number| (2..AUDIENCE).map(|row| row * groups + group_of(number)).collect();
    let (told, others) = heard(&written, &receiver, &args.plan, healthy);
    let notifications = told.from_answer.per_second;
    ground.unsubscribe()?;
    Ok(Busy {
        create,
        told,
        per_second: notifications * AUDIENCE as f64 / (AUDIENCE - 2) as f64,
        attempts_at_slow: others,
    })
}

fn writes_in(plan: &Plan, gap: Duration) -> u64 {
    let time = plan.duration + plan.warm_up;
    plan.count.unwrap_or((time.as_secs_f64() / gap.as_secs_f64()).ceil() as u64)
}

/// Waits for the notifications of what was written after the warm-up, and how many others came.
fn heard(
    written: &[Written],
    receiver: &Receiver,
    plan: &Plan,
    subscribed: impl Fn(u64) -> Vec<usize>,
) -> (Told, usize) {
    let began = written.iter().map(|write| write.sent).min().unwrap_or_else(Instant::now);
    let from = if plan.count.is_some() { began } else { began + plan.warm_up };
    let counted: Vec<Written> =
        written.iter().filter(|write| write.sent >= from).copied().collect();
    let until = counted.iter().map(|write| write.answered).max().unwrap_or(from);
    let seconds = (until - from).as_secs_f64();
    let waiting = Instant::now();
    let mut arrivals = Vec::new();
    loop {
        arrivals.extend(receiver.take());
        let told = latency::told(&counted, &arrivals, seconds, &subscribed);
        if told.missing == 0 || waiting.elapsed() > PATIENCE {
            let all = counted.iter().flat_map(|write| subscribed(write.number));
            let wanted: std::collections::HashSet<usize> = all.collect();
            let others =
                arrivals.iter().filter(|arrival| !wanted.contains(&arrival.endpoint)).count();
            return (told, others);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
