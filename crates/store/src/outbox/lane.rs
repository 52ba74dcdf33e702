//! Lanes: the rest-hooks of one subscription, which go out one after the other.
//! A process leases a whole lane, takes the first of what waits in it, and gives
//! the lane back; the rows themselves are not touched until they are settled.

use std::collections::BTreeMap;

use koppeltaal_core::{Error, Result, Timestamp, resource_type};

use super::close::{self, Closed};
use super::list::Trigger;
use crate::scope::DomainTx;
use crate::tx::{Row, Tx};
use crate::{args, resource};

/// A lane in which something waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingLane {
    /// The number of its domain.
    pub domain: i64,
    /// The key of its subscription.
    pub lane: i64,
    /// When it can be taken: in the future while it is leased or its first
    /// notification is between two attempts.
    pub due: Timestamp,
    /// Where it goes; `None` when the subscription is gone.
    pub endpoint: Option<String>,
}

/// Lanes in which something waits, in the order of domain and lane, after this one;
/// at most `limit`. A few steps in an index for each, however much waits in it.
pub fn waiting_lanes(tx: &mut dyn Tx, after: (i64, i64), limit: usize) -> Result<Vec<WaitingLane>> {
    // Sought as in `lease::waiting`.
    let rows = tx.query(
        "WITH RECURSIVE found (domain, lane) AS (
           SELECT * FROM (SELECT domain, lane FROM outbox
                          WHERE state = 0 AND lane > 0
                            AND (domain, lane, id) > ($1, $2, 9223372036854775807)
                          ORDER BY domain, lane, id LIMIT 1) AS first
           UNION ALL
           SELECT
             (SELECT o.domain FROM outbox o
              WHERE o.state = 0 AND o.lane > 0 AND (o.domain, o.lane, o.id)
                > (+found.domain, +found.lane, 9223372036854775807)
              ORDER BY o.domain, o.lane, o.id LIMIT 1),
             (SELECT o.lane FROM outbox o
              WHERE o.state = 0 AND o.lane > 0 AND (o.domain, o.lane, o.id)
                > (+found.domain, +found.lane, 9223372036854775807)
              ORDER BY o.domain, o.lane, o.id LIMIT 1)
           FROM found WHERE found.domain IS NOT NULL
         )
         SELECT f.domain, f.lane,
                (SELECT o.due FROM outbox o
                 WHERE o.domain = f.domain AND o.lane = f.lane AND o.state = 0 AND o.lane > 0
                 ORDER BY o.id LIMIT 1),
                (SELECT l.lease FROM lane l WHERE l.domain = f.domain AND l.lane = f.lane),
                (SELECT s.endpoint FROM subscription s
                 WHERE s.domain = f.domain AND s.key = f.lane)
         FROM found f WHERE f.domain IS NOT NULL LIMIT $3",
        args![after.0, after.1, i64::try_from(limit).unwrap_or(i64::MAX)],
    )?;
    rows.into_iter()
        .map(|mut row| {
            // Between two of the steps another process may have settled it.
            let due = row.opt_int(2)?.unwrap_or_default().max(row.opt_int(3)?.unwrap_or_default());
            Ok(WaitingLane {
                domain: row.int(0)?,
                lane: row.int(1)?,
                due: Timestamp(due),
                endpoint: row.opt_text(4)?,
            })
        })
        .collect()
}

/// A lane that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedLane {
    /// The number of its domain.
    pub domain: i64,
    /// The key of its subscription.
    pub lane: i64,
    /// At most so many of its notifications.
    pub limit: usize,
}

/// The subscription of a lane, as it was when the lane was leased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// The logical id of the Subscription.
    pub id: String,
    /// Its version.
    pub version: i64,
    /// The logical id of the Device that it comes from.
    pub origin: String,
    /// The number of the instance that this Device stands for.
    pub instance: i64,
    /// Its criteria.
    pub criteria: String,
    /// Where its notifications go.
    pub endpoint: String,
    /// The lines of `channel.header`.
    pub headers: Vec<String>,
    /// Whether it is in error: only what an operator sends again goes out.
    pub is_in_error: bool,
    /// The logical id of the server's own Device in the domain.
    pub observer: Option<String>,
}

/// A rest-hook that this process alone may send while it has the lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ping {
    /// Its key.
    pub id: i64,
    /// The version that matched: `Task/x/_history/3`.
    pub resource: String,
    /// The id of the Device in the resource's resource-origin; `None` when it has
    /// none or is not kept.
    pub origin: Option<String>,
    /// Failed attempts of this round.
    pub failed: u32,
    /// When the first of those began; means nothing when there are none.
    pub begun: Timestamp,
    /// When this attempt was meant to be made.
    pub next_attempt: Timestamp,
    /// Who caused this round of attempts.
    pub trigger: Trigger,
    /// The id of the request that caused it.
    pub request_id: Option<String>,
    /// The chain of requests that this one belongs to.
    pub trace_id: Option<String>,
    /// The logical id of the Device that made the request.
    pub requester: Option<String>,
}

/// A lane that this process has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedLane {
    /// The number of its domain.
    pub domain: i64,
    /// The key of its subscription.
    pub lane: i64,
    /// When the lease ends; names the lease when outcomes are recorded.
    pub lease: Timestamp,
    /// Whose lane it is.
    pub subscriber: Subscriber,
    /// The first of what waits, in order.
    pub pings: Vec<Ping>,
}

/// What came of the wish for a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaneLease {
    /// This process has it.
    Taken(LeasedLane),
    /// Nothing is to be sent now: another process has the lane, or it is not yet
    /// the time of its first notification.
    Nothing,
    /// Its subscription takes no notifications any more: some of what waited, or
    /// all, is a dead letter now.
    Closed(Closed),
}

/// How long a lane is left alone whose dead letters are being revived.
const REVIVING: std::time::Duration = std::time::Duration::from_millis(200);

const OFF: i64 = 0;
const IN_ERROR: i64 = 2;
const REMOVED: i64 = 3;

/// Leases lanes until `until`, each with the first of what waits in it. No two
/// processes have the same lane; a lease that has ended is as good as none.
pub fn lease_lanes(
    tx: &mut dyn Tx,
    wanted: &[WantedLane],
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<LaneLease>> {
    // One order of locks for all processes.
    let mut wanted = wanted.to_vec();
    wanted.sort_by_key(|wanted| (wanted.domain, wanted.lane));
    wanted
        .iter()
        .map(|wanted| lease_one(&mut DomainTx::new(tx, wanted.domain), wanted, now, until))
        .collect()
}

fn lease_one(
    tx: &mut DomainTx<'_>,
    wanted: &WantedLane,
    now: Timestamp,
    until: Timestamp,
) -> Result<LaneLease> {
    let lane = wanted.lane;
    let taken = tx.execute(
        "INSERT INTO lane AS l (domain, lane, lease) VALUES ($1, $2, $3)
         ON CONFLICT (domain, lane) DO UPDATE SET lease = excluded.lease WHERE l.lease <= $4",
        args![lane, until, now],
    )?;
    if taken == 0 {
        return Ok(LaneLease::Nothing);
    }
    // Its owner does not make it active while it is being closed.
    let lock = tx.dialect().for_share();
    let sql = format!(
        "SELECT id, version, instance, criteria, endpoint, headers, state, ends, reviving,
                (SELECT d.device FROM domain_device d WHERE d.domain = $1), origin
         FROM subscription WHERE domain = $1 AND key = $2{lock}"
    );
    let found = tx.query_one(&sql, args![lane])?;
    let Some(mut row) = found else {
        return close::all(tx, lane, "the subscription is gone", now).map(LaneLease::Closed);
    };
    let ends = row.opt_int(7)?.map(Timestamp);
    let state = row.int(6)?;
    let reason = match state {
        OFF => Some("the subscription is off"),
        REMOVED => Some("the subscription is gone"),
        _ if ends.is_some_and(|ends| ends <= now) => Some("the subscription has ended"),
        _ => None,
    };
    if let Some(reason) = reason {
        return close::all(tx, lane, reason, now).map(LaneLease::Closed);
    }
    if state == IN_ERROR {
        let closed = close::all_but_resent(tx, lane, "the subscription is in error", now)?;
        if closed.count > 0 {
            return Ok(LaneLease::Closed(closed));
        }
    } else if row.int(8)? != 0 {
        // What was dead comes back piece by piece, and is older than what waits.
        release(tx, lane, until, now.plus(REVIVING))?;
        return Ok(LaneLease::Nothing);
    }
    let pings = pings(tx, lane, wanted.limit)?;
    if pings.first().is_none_or(|(_, due)| *due > now) {
        release(tx, lane, until, Timestamp(0))?;
        return Ok(LaneLease::Nothing);
    }
    let mut pings: Vec<Ping> = pings.into_iter().map(|(ping, _)| ping).collect();
    origins(tx, &mut pings)?;
    let headers = row.text(5)?;
    let subscriber = Subscriber {
        id: row.text(0)?,
        version: row.int(1)?,
        instance: row.int(2)?,
        criteria: row.text(3)?,
        endpoint: row.text(4)?,
        headers: serde_json::from_str(&headers).map_err(Error::internal)?,
        is_in_error: state == IN_ERROR,
        observer: row.opt_text(9)?,
        origin: row.text(10)?,
    };
    let domain = wanted.domain;
    Ok(LaneLease::Taken(LeasedLane { domain, lane, lease: until, subscriber, pings }))
}

/// Gives a lane back that this process has under `lease`; it can be taken again
/// from `due` on.
pub(super) fn release(
    tx: &mut DomainTx<'_>,
    lane: i64,
    lease: Timestamp,
    due: Timestamp,
) -> Result<()> {
    tx.later(
        "UPDATE lane SET lease = $4 WHERE domain = $1 AND lane = $2 AND lease = $3",
        args![lane, lease, due],
    )
}

fn pings(tx: &mut DomainTx<'_>, lane: i64, limit: usize) -> Result<Vec<(Ping, Timestamp)>> {
    let sql = format!(
        "SELECT id, identifier, failed, begun, next_attempt, rounds, request_id, trace_id,
                requester, due
         FROM outbox{} WHERE domain = $1 AND lane = $2 AND state = 0 AND lane > 0
         ORDER BY id LIMIT $3",
        tx.dialect().indexed_by("outbox_lane")
    );
    tx.query(&sql, args![lane, i64::try_from(limit).unwrap_or(i64::MAX)])?
        .into_iter()
        .map(ping)
        .collect()
}

fn ping(mut row: Row) -> Result<(Ping, Timestamp)> {
    let due = Timestamp(row.int(9)?);
    let ping = Ping {
        id: row.int(0)?,
        resource: row.text(1)?,
        origin: None,
        failed: u32::try_from(row.int(2)?).unwrap_or(u32::MAX),
        begun: Timestamp(row.opt_int(3)?.unwrap_or_default()),
        next_attempt: Timestamp(row.int(4)?),
        trigger: Trigger::of_round(row.int(5)?),
        request_id: row.opt_text(6)?,
        trace_id: row.opt_text(7)?,
        requester: row.opt_text(8)?,
    };
    Ok((ping, due))
}

/// Looks up the origins: one statement for each type among them.
fn origins(tx: &mut DomainTx<'_>, pings: &mut [Ping]) -> Result<()> {
    let mut wanted: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
    for ping in &*pings {
        if let Some((number, id)) = number_and_id(&ping.resource) {
            wanted.entry(number).or_default().push(id);
        }
    }
    let found = resource::origins(tx, wanted)?;
    for ping in pings {
        let origin = number_and_id(&ping.resource)
            .and_then(|(number, id)| found.get(&(number, id.to_owned())));
        ping.origin = origin.filter(|origin| !origin.is_empty()).cloned();
    }
    Ok(())
}

fn number_and_id(resource: &str) -> Option<(i64, &str)> {
    let mut parts = resource.split('/');
    let number = resource_type::number(parts.next()?)?;
    Some((number, parts.next()?))
}
