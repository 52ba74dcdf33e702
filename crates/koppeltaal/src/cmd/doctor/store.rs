//! Whether the store is there, of the right version, writable, and quick to
//! sync; and whether its clock is ours.

use std::time::Instant;

use koppeltaal_store::{Dialect, job, migrate};

use super::Finding;
use crate::context::Context;

/// A commit slower than this makes an idle server slow.
const SLOW_COMMIT_MS: f64 = 20.0;
/// Clocks further apart than this confuse time-outs and version stamps.
const CLOCK_DRIFT_MS: i64 = 2000;

/// Checks the store. False when nothing else can be asked of it.
pub(super) async fn check(context: &Context, findings: &mut Vec<Finding>) -> bool {
    let store = match context.store().await {
        Ok(store) => store,
        Err(error) => {
            findings.push(Finding::error(
                "store",
                error.to_string(),
                "check --database and that the file or server is there; `koppeltaal migrate` brings an old store up to date",
            ));
            return false;
        }
    };
    let version = match migrate::status(store).await {
        Ok(status) => status.applied.last().map_or(0, |applied| applied.number),
        Err(error) => {
            findings.push(Finding::error("store", error.to_string(), "upgrade the program"));
            return false;
        }
    };
    findings.push(Finding::ok("store", format!("{}, schema {version}", store.url())));
    let mut best = f64::MAX;
    for _ in 0..5 {
        let began = Instant::now();
        let now = context.clock.now();
        let written = store.write(move |tx| {
            job::take(tx, "doctor", now, now)?;
            job::finish(tx, "doctor", now, "the store can be written")
        });
        if let Err(error) = written.await {
            findings.push(Finding::error(
                "writable",
                error.to_string(),
                "make room on the disk and check the permissions of the store",
            ));
            return true;
        }
        best = best.min(began.elapsed().as_secs_f64() * 1000.0);
    }
    let finding = format!("a commit takes {best:.1} ms");
    findings.push(if best > SLOW_COMMIT_MS {
        Finding::warning("commit", finding, "put the store on a disk with a faster fsync")
    } else {
        Finding::ok("commit", finding)
    });
    if store.dialect() == Dialect::Postgres {
        findings.push(clock(context).await);
    }
    true
}

async fn clock(context: &Context) -> Finding {
    let ours = context.clock.now();
    let asked = match context.store().await {
        Ok(store) => store.read(koppeltaal_store::clock::now).await,
        Err(error) => Err(error),
    };
    match asked {
        Err(error) => Finding::warning("clock", error.to_string(), "look at the store"),
        Ok(theirs) => {
            let drift = (theirs.0 - ours.0) / 1000;
            let finding = format!("{drift} ms away from the clock of the store");
            if drift.abs() > CLOCK_DRIFT_MS {
                Finding::warning("clock", finding, "synchronise the clocks (NTP)")
            } else {
                Finding::ok("clock", finding)
            }
        }
    }
}
