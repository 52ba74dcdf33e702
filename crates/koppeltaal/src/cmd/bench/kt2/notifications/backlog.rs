//! A backlog: subscribers were away while resources were created, come back, and are told of
//! everything. How fast, and what the server needs for it.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bytes::Bytes;

use super::Args;
use super::ground::{Ground, all_of, patient};
use super::receiver::Receiver;
use super::report::Backlog;
use crate::cmd::bench::kt2::resources::work;
use crate::cmd::bench::watch::resident_mb;
use crate::output;

/// Endpoints, and subscriptions at each: all of them hear of every create.
const ENDPOINTS: usize = 10;
const EACH: usize = 10;
/// Tries often, so that it shows soon that the subscribers are back.
const SETTINGS: [(&str, &str); 2] =
    [("KOPPELTAAL_KT2_HOOK_FIRST_RETRY", "1s"), ("KOPPELTAAL_KT2_HOOK_MAX_INTERVAL", "2s")];
/// When nothing came for so long, nothing will.
const PATIENCE: Duration = Duration::from_secs(60);
/// Creates between two tokens.
const PIECE: u64 = 2_000;

/// Makes the backlog and lets it drain.
pub fn measure(args: &Args, ground: &mut Ground, first: u64) -> Result<Backlog> {
    ground.server.restart_with(&SETTINGS)?;
    let pid = ground.server.pid();
    let idle_mb = resident_mb(pid)?;
    let mut receiver = Receiver::absent(ENDPOINTS)?;
    let group = format!("backlog-{first}");
    let audience = ENDPOINTS * EACH;
    ground.subscribe((0..audience).map(|at| (group.clone(), receiver.url(at % ENDPOINTS))))?;
    let creates = args.backlog.div_ceil(audience as u64);
    let filling = Instant::now();
    let mut done = 0;
    while done < creates {
        let until = creates.min(done + PIECE);
        let bodies: Vec<Bytes> =
            (first + done..first + until).map(|number| patient(number, &group)).collect();
        let plan = all_of(bodies.len());
        let line = work::posts(&plan, &ground.asker()?, "create", "/Patient", bodies)?;
        ensure!(line.errors.is_empty(), "creates were refused: {:?}", line.errors);
        done = until;
        let seconds = filling.elapsed().as_secs_f64();
        output::remark(format_args!("{} notifications wait, {seconds:.0} s", done * 100));
    }
    let fill_seconds = filling.elapsed().as_secs_f64();
    let (expected, filled_mb) = (creates * audience as u64, resident_mb(pid)?);
    receiver.arrive()?;
    let mut peak_mb = filled_mb;
    let (mut began, mut seen, mut since) = (None, 0, Instant::now());
    while receiver.count() < expected && since.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(200));
        peak_mb = peak_mb.max(resident_mb(pid)?);
        let now = receiver.count();
        if now > seen {
            began = began.or(Some((Instant::now(), now)));
            (seen, since) = (now, Instant::now());
        }
    }
    let told = receiver.count();
    let (start, before) = began.unwrap_or((since, 0));
    let seconds = since.saturating_duration_since(start).as_secs_f64().max(1e-9);
    let drained_mb = resident_mb(pid)?;
    ground.unsubscribe()?;
    ground.server.restart_with(&[])?;
    Ok(Backlog {
        notifications: expected,
        subscriptions: audience,
        endpoints: ENDPOINTS,
        fill_seconds,
        told,
        per_second: told.saturating_sub(before) as f64 / seconds,
        drain_seconds: seconds,
        idle_mb,
        filled_mb,
        peak_mb,
        drained_mb,
    })
}
