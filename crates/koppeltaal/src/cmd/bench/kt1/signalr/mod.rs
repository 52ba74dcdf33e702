//! Live notifications: many SignalR connections, and how long after the answer to a
//! message each of those that are told of it has heard.
//!
//! Messages are sent one after the other: the next one goes out when everybody has
//! heard of the last, so that each NewMessage belongs to one message.

mod round;
mod socket;

use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use http::Method;
use serde::Serialize;

use super::post::Post;
use super::{Common, json_headers};
use crate::cmd::bench::load::{Connection, Line, Report, Tally, Target};
use crate::cmd::bench::template::Tokens;
use crate::cmd::bench::watch::resident_mb;
use crate::server::room_for_connections;
use round::Round;
use socket::Socket;

/// Connections that are opened at the same time.
const AT_ONCE: usize = 50;

/// How long after a message a NewMessage counts as missing.
const MISSING: Duration = Duration::from_secs(10);

/// What is connected, and how fast is sent.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    common: Common,
    /// SignalR connections, WebSockets
    #[arg(long, default_value_t = 1000)]
    sockets: usize,
    /// Over how many mailboxes they are spread; the first one alone is told of messages
    #[arg(long, default_value_t = 1)]
    mailboxes: usize,
    /// Messages in a second at most
    #[arg(long, default_value_t = 10)]
    rate: u32,
    /// The process of the server, to tell its memory
    #[arg(long)]
    pid: Option<u32>,
}

/// The figures.
#[derive(Debug, Serialize)]
pub struct Measurement {
    #[serde(flatten)]
    report: Report,
    /// Connections that were open.
    sockets: usize,
    /// Those of them that every message was told to.
    told: usize,
    /// How long it took to open them.
    opened_seconds: f64,
    /// NewMessages that did not come.
    missing: u64,
    /// Memory of the server before, and with the connections open.
    memory_mb: Option<(f64, f64)>,
}

/// Opens the connections, sends and measures.
pub fn run(args: &Args) -> Result<Measurement> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, measure(args))
}

async fn measure(args: &Args) -> Result<Measurement> {
    let target = args.common.target()?;
    let instances = args.common.credentials.read()?;
    let mailboxes = instances.mailboxes()?;
    let mailboxes = mailboxes.get(..args.mailboxes.max(1)).with_context(|| {
        format!("there are {} mailboxes, not {}", mailboxes.len(), args.mailboxes)
    })?;
    let room = room_for_connections(args.sockets);
    ensure!(room >= args.sockets, "this process may open {room} connections; see `ulimit -n`");
    let memory = || args.pid.map(resident_mb).transpose();
    let (before, began) = (memory()?, Instant::now());
    let round = Rc::new(Round::default());
    let mut told = 0;
    let mut sockets: Vec<usize> = (0..args.sockets).collect();
    while !sockets.is_empty() {
        let rest = sockets.split_off(sockets.len().min(AT_ONCE));
        let opening = sockets.iter().map(|number| {
            let mailbox = mailboxes[number % mailboxes.len()].clone();
            let (target, round) = (target.clone(), round.clone());
            let hears = number.is_multiple_of(mailboxes.len()).then_some(*number);
            tokio::task::spawn_local(async move {
                let socket = Socket::open(&target, mailbox).await?;
                tokio::task::spawn_local(socket.listen(round, hears));
                anyhow::Ok(usize::from(hears.is_some()))
            })
        });
        let opening: Vec<_> = opening.collect();
        for opened in opening {
            told += opened.await??;
        }
        sockets = rest;
    }
    let opened_seconds = began.elapsed().as_secs_f64();
    let memory_mb = before.zip(memory()?);
    let mut figures = Figures::new();
    send(args, &target, &round, told, &mut figures).await?;
    ensure!(round.open() == args.sockets, "{} connections broke", args.sockets - round.open());
    let lines = [&figures.post, &figures.told].map(|tally| Line::of(tally, figures.seconds));
    let report = Report {
        workload: format!("kt1 signalr ({} sockets, {told} told)", args.sockets),
        target: target.to_string(),
        connections: 1,
        seconds: figures.seconds,
        lines: lines.into(),
    };
    let (sockets, missing) = (args.sockets, figures.missing);
    Ok(Measurement { report, sockets, told, opened_seconds, missing, memory_mb })
}

struct Figures {
    post: Tally,
    told: Tally,
    missing: u64,
    seconds: f64,
}

impl Figures {
    fn new() -> Self {
        Self { post: Tally::new("POST"), told: Tally::new("NewMessage"), missing: 0, seconds: 0.0 }
    }
}

/// Sends messages and waits after each until all have heard of it.
async fn send(
    args: &Args,
    target: &Target,
    round: &Round,
    told: usize,
    figures: &mut Figures,
) -> Result<()> {
    let instances = args.common.credentials.read()?;
    let (uri, template) = (Post::uri(target)?, Post::template(&instances.domain));
    let mut connection = Connection::new(target, Some(instances.sender()?), &json_headers());
    let mut tokens = Tokens::random();
    let plan = &args.common.plan;
    let gap = Duration::from_secs(1) / args.rate.max(1);
    let measuring_from = Instant::now() + plan.warm_up;
    let until = measuring_from + plan.duration;
    let mut due = Instant::now();
    let mut count = 0;
    while plan.count.map_or(due < until, |most| count < most) {
        tokio::time::sleep_until(due.into()).await;
        round.begin();
        let (sent, body) = (Instant::now(), template.body(tokens.next()));
        let answer = connection.send(Method::POST, uri.clone(), body).await;
        let answered = Instant::now();
        let heard = round.heard(told, answered + MISSING).await;
        if plan.count.is_some() || sent >= measuring_from {
            let (status, _) = answer.map_err(anyhow::Error::msg)?;
            ensure!(status == 200, "a message was answered with {status}");
            figures.post.latencies.record(answered - sent);
            for at in &heard {
                // A NewMessage may be there before the answer: then it took no time.
                figures.told.latencies.record(at.saturating_duration_since(answered));
            }
            figures.missing += (told - heard.len().min(told)) as u64;
        }
        count += 1;
        due = (due + gap).max(Instant::now());
    }
    let began = if plan.count.is_some() { measuring_from - plan.warm_up } else { measuring_from };
    figures.seconds = began.elapsed().as_secs_f64().max(1e-9);
    Ok(())
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.report)?;
        write!(f, "opened in {:.1} s, {} missing", self.opened_seconds, self.missing)?;
        if let Some((before, after)) = self.memory_mb {
            let each = (after - before) * 1024.0 / self.sockets.max(1) as f64;
            write!(f, "; server {before:.1} MB, {after:.1} MB with them: {each:.1} KB each")?;
        }
        Ok(())
    }
}
