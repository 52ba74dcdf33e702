//! What stands still: old New messages, dead letters, the retention job.

use std::time::Duration;

use anyhow::Result;
use koppeltaal_core::duration;
use koppeltaal_store::{job, mailbox, outbox};

use super::Finding;
use crate::cmd::directory::read;
use crate::context::Context;
use koppeltaal_admin::names;

/// A message that waits longer than this is forgotten by its recipient.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);

pub(super) async fn check(context: &Context, findings: &mut Vec<Finding>) -> Result<()> {
    let directory = read(context).await?;
    let store = context.store().await?;
    let now = context.clock.now();
    let mut oldest: Option<(Duration, String)> = None;
    for domain in directory.domains() {
        let recipients: Vec<i64> =
            directory.instances_of(domain.number).map(|i| i.instance.number).collect();
        let waiting = store.scope(domain).read(move |tx| mailbox::waiting(tx, &recipients)).await?;
        for item in waiting {
            let age = now.since(item.since);
            if oldest.as_ref().is_none_or(|(known, _)| age > *known) {
                oldest = Some((age, names::instance(&directory, item.recipient)));
            }
        }
    }
    findings.push(match oldest {
        None => Finding::ok("oldest New", "no message waits"),
        Some((age, name)) => {
            let seconds = Duration::from_secs(age.as_secs());
            let finding = format!("waits for {name} since {}", duration::format(seconds));
            if age > FORGOTTEN {
                Finding::warning("oldest New", finding, "ask the administrator of that application")
            } else {
                Finding::ok("oldest New", finding)
            }
        }
    });
    let dead: i64 = store.read(outbox::depth).await?.iter().map(|depth| depth.dead).sum();
    findings.push(if dead > 0 {
        Finding::warning(
            "dead letters",
            format!("{dead} notifications were given up"),
            "see `koppeltaal notifications list --state dead`; repair the endpoint and resend",
        )
    } else {
        Finding::ok("dead letters", "none")
    });
    let run = store.read(|tx| job::find(tx, "kt1-retention")).await?;
    let finished = run.and_then(|run| run.last_finished);
    let late = context.config.kt1.retention_interval * 3;
    findings.push(match finished {
        Some(at) if now.since(at) <= late.max(Duration::from_secs(60)) => {
            Finding::ok("retention", format!("ran at {at}"))
        }
        Some(at) => Finding::warning(
            "retention",
            format!("ran last at {at}"),
            "see that `koppeltaal serve` is running, or run `koppeltaal retention run`",
        ),
        None => Finding::warning(
            "retention",
            "never ran",
            "it runs in `koppeltaal serve`, or by `koppeltaal retention run`",
        ),
    });
    Ok(())
}
