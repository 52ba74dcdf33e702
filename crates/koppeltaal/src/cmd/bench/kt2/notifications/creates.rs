//! What subscriptions cost those who write: creates over many connections, without subscriptions,
//! with 100 and with 10,000 of them, of which none, a few or all creates tell somebody.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::Args;
use super::ground::{Ground, patient};
use super::receiver::{Manner, Receiver};
use super::report::{Creates, Row};
use crate::cmd::bench::kt2::resources::{raw_bound, work};

/// Endpoints that the subscriptions share.
const ENDPOINTS: usize = 10;
/// No server creates more in a second; so many bodies are made.
const MOST: u64 = 6_000;
/// When no notification came for so long, all have come.
const QUIET: Duration = Duration::from_secs(3);
/// Subscriptions, and how many creates of a hundred match one of them.
const ROWS: [(u64, u64); 6] = [(0, 0), (100, 0), (100, 10), (100, 100), (10_000, 0), (10_000, 100)];

/// Measures all rows, one after the other.
pub fn measure(args: &Args, ground: &Ground, first: u64) -> Result<Creates> {
    let receiver = Receiver::start(&[Manner::Prompt; ENDPOINTS])?;
    let raw = raw_bound(&args.plan, &ground.server.database.parse()?, &ground.client)?;
    let (mut rows, mut there, mut next) = (Vec::<Row>::new(), 0, first);
    for (subscriptions, matching) in ROWS {
        let new = there..subscriptions;
        ground.subscribe(new.map(|at| {
            let endpoint = usize::try_from(at).unwrap_or(0) % ENDPOINTS;
            (group(first, at), receiver.url(endpoint))
        }))?;
        there = subscriptions;
        let time = args.plan.duration + args.plan.warm_up;
        let count = args.plan.count.unwrap_or(time.as_secs() * MOST);
        let body = |number: u64| {
            let matches = number % 100 < matching;
            let at = if matches { number % subscriptions.max(1) } else { u64::MAX };
            patient(number, &group(first, at))
        };
        let bodies = (next..next + count).map(body).collect();
        next += count;
        let before = receiver.count();
        let asker = ground.asker()?;
        let line = work::posts(&args.plan, &asker, "create", "/Patient", bodies)?;
        let told_meanwhile = receiver.count() - before;
        let ended = Instant::now();
        if matching > 0 {
            wait_until_quiet(&receiver);
        }
        let drain = ended.elapsed().saturating_sub(QUIET);
        receiver.take();
        let ratio = rows.first().map_or(1.0, |base| line.per_second / base.create.per_second);
        rows.push(Row {
            subscriptions,
            matching_percent: matching,
            create: line,
            ratio,
            told_meanwhile,
            told: receiver.count() - before,
            drain_seconds: drain.as_secs_f64(),
        });
    }
    ground.unsubscribe()?;
    let of_raw = rows.first().map_or(0.0, |base| base.create.per_second / raw.per_second);
    Ok(Creates { raw, of_raw, rows })
}

fn group(first: u64, at: u64) -> String {
    format!("c-{first}-{at}")
}

fn wait_until_quiet(receiver: &Receiver) {
    loop {
        let count = receiver.count();
        if !receiver.wait_for(count + 1, QUIET) {
            return;
        }
    }
}
