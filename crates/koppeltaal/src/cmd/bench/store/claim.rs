//! The raw bound of claiming: a commit of claims, then a commit that sets them to Success.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::retention::{Limits as RetentionLimits, Rule};
use koppeltaal_core::status::Status;
use koppeltaal_store::mailbox::{Claim, PutRequest, claim, put};
use koppeltaal_store::{DatabaseUrl, Ids, Scope};

use super::Common;
use super::batches::{self, Limits};
use super::ground::{Ground, now};
use super::post::options;
use crate::cmd::bench::load::Report;

const DAY: Duration = Duration::from_secs(24 * 3600);
const KEPT: RetentionLimits = RetentionLimits { grace: DAY, max: DAY };
const RULE: Rule = Rule { required: false, retain_on_success: false, max_age: DAY };

/// Claims until the time is over or nothing waits.
pub async fn run(database: &DatabaseUrl, common: &Common) -> Result<Report> {
    let in_flight = common.in_flight_on(database);
    let ground =
        Ground::open(database, &options(in_flight), &common.domain, common.mailboxes).await?;
    let limits = Limits { warm_up: common.warm_up, duration: common.duration, in_flight };
    let empty: Vec<Arc<AtomicBool>> = ground.mailboxes.iter().map(|_| Arc::default()).collect();
    let mut turn = 0;
    let ran = batches::run(limits, || {
        let mailboxes = ground.mailboxes.len();
        let at = (0..mailboxes).map(|n| (turn + n) % mailboxes);
        let at = at.into_iter().find(|at| !empty[*at].load(Ordering::Relaxed))?;
        turn = at + 1;
        let (scope, ids) = (ground.scope.clone(), ground.ids.clone());
        Some(pairs(scope, ids, ground.mailboxes[at], common.batch.max(1), empty[at].clone()))
    })
    .await?;
    let workload = format!("store claim + Success ({} in a commit)", common.batch);
    let report = ran.report(&workload, database.to_string(), in_flight, "pairs");
    ground.store.close().await;
    Ok(report)
}

async fn pairs(
    scope: Scope,
    ids: Arc<Ids>,
    recipient: i64,
    count: usize,
    empty: Arc<AtomicBool>,
) -> Result<u64> {
    let keys = ids.clone();
    let claimed: Vec<i64> = scope
        .write(move |tx| {
            let mut items = Vec::with_capacity(count);
            let request = Claim {
                include_expired: false,
                recipient,
                event: None,
                patient: None,
                until: now().plus(DAY),
                audit: entry(Action::Claim, recipient),
            };
            while items.len() < count {
                match claim(tx, &keys, now(), &request)? {
                    Some(claimed) => items.push(claimed.item.id),
                    None => break,
                }
            }
            Ok(items)
        })
        .await?;
    if claimed.len() < count {
        empty.store(true, Ordering::Relaxed);
    }
    let pairs = claimed.len() as u64;
    scope
        .write(move |tx| {
            for item in &claimed {
                let request = PutRequest {
                    item: *item,
                    recipient: Some(recipient),
                    patient: None,
                    status: Status::Success,
                    exception: None,
                    claim_until: now(),
                    audit: entry(Action::Status, recipient),
                };
                put(tx, &ids, now(), &request, KEPT, &|_| RULE)?;
            }
            Ok(())
        })
        .await?;
    Ok(pairs)
}

fn entry(action: Action, recipient: i64) -> Entry {
    Entry {
        instance: Some(recipient),
        request_id: Some(uuid::Uuid::new_v4().to_string()),
        ..Entry::new(action, now(), "bench-mailbox")
    }
}
