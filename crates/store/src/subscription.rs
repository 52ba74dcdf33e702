//! Subscriptions as matching and delivery see them: one row for each resource,
//! written in the transaction of the resource. Each change takes the next number
//! of a counter of the domain, so that a process reads only what it has not seen,
//! and a writer sees with one number that it has seen everything.

use std::collections::{BTreeSet, HashMap};

use koppeltaal_core::{Error, Result, Timestamp};

use crate::args;
use crate::filter::Filter;
use crate::outbox;
use crate::resource::Stored;
use crate::scope::DomainTx;
use crate::tx::{Row, Tx};

/// What a subscription does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing: it is switched off, or has ended.
    Off,
    /// Its owner is told of what matches.
    Active,
    /// Its notifications cannot be delivered; one is kept.
    Failed,
    /// Its resource is deleted.
    Removed,
}

impl State {
    fn number(self) -> i64 {
        match self {
            Self::Off => 0,
            Self::Active => 1,
            Self::Failed => 2,
            Self::Removed => 3,
        }
    }

    fn from_number(number: i64) -> Self {
        match number {
            1 => Self::Active,
            2 => Self::Failed,
            3 => Self::Removed,
            _ => Self::Off,
        }
    }
}

/// What a Subscription says, to be written with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct New {
    /// The key of the resource, which names its lane in the outbox.
    pub key: i64,
    /// Its logical id.
    pub id: String,
    /// The version that says so.
    pub version: i64,
    /// The id of the Device that it comes from.
    pub origin: String,
    /// The number of the instance that this Device stands for; 0 when it stands for
    /// none that is known.
    pub instance: i64,
    /// What it does.
    pub state: State,
    /// `Subscription.error`.
    pub failure: Option<String>,
    /// `Subscription.end`.
    pub ends: Option<Timestamp>,
    /// Whether it is for deletions too.
    pub on_delete: bool,
    /// `Subscription.criteria`.
    pub criteria: String,
    /// Where its notifications go.
    pub endpoint: String,
    /// The header lines that they carry.
    pub headers: Vec<String>,
}

/// What matching knows of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// The key of the resource.
    pub key: i64,
    /// The id of the Device that it comes from.
    pub origin: String,
    /// The number of the instance that this Device stands for; 0 for none.
    pub instance: i64,
    /// What it does.
    pub state: State,
    /// The number of its last change.
    pub changed: i64,
    /// When it ends.
    pub ends: Option<Timestamp>,
    /// Whether it is for deletions too.
    pub on_delete: bool,
    /// Its criteria.
    pub criteria: String,
}

/// What the delivery knows of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// The logical id of the resource.
    pub id: String,
    /// The id of the Device that it comes from.
    pub origin: String,
    /// The number of the instance that this Device stands for; 0 for none.
    pub instance: i64,
    /// What it does.
    pub state: State,
    /// When it ends.
    pub ends: Option<Timestamp>,
    /// Its criteria: they name the type that its owner must be able to read.
    pub criteria: String,
    /// Where its notifications go.
    pub endpoint: String,
    /// The header lines that they carry.
    pub headers: Vec<String>,
}

/// A subscription whose resource does not say yet what is the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    /// The number of its domain.
    pub domain: i64,
    /// The key of the resource.
    pub key: i64,
    /// Its logical id.
    pub id: String,
    /// Why its notifications cannot be delivered; otherwise it has ended.
    pub failure: Option<String>,
    /// When it ends.
    pub ends: Option<Timestamp>,
    /// The number of its last change.
    pub changed: i64,
    /// Whether dead letters are still to be sent anew.
    pub reviving: bool,
}

/// Dead letters that are sent anew in one transaction.
const REVIVED_AT_ONCE: i64 = 1_000;

/// Writes what a Subscription says now. When it works again after its notifications
/// could not be delivered, those are sent anew.
///
/// A failure that its owner could not know of yet outlives his change: the job that
/// tells it makes the next version.
pub fn put(tx: &mut DomainTx<'_>, new: &New, now: Timestamp) -> Result<()> {
    let before = locked(tx, new.key)?;
    let changed = next_change(tx)?;
    let is_untold =
        before.as_ref().is_some_and(|before| before.state == State::Failed && !before.told);
    let (state, failure, told) = match (is_untold, &before) {
        (true, Some(before)) if new.state != State::Off => (State::Failed, &before.failure, false),
        (true, Some(before)) => (new.state, &before.failure, true),
        _ => (new.state, &new.failure, true),
    };
    let has_missed = |before: &Before| before.failure.is_some() || before.reviving;
    let mut reviving = false;
    if state == State::Active && before.as_ref().is_some_and(has_missed) {
        reviving = outbox::revive(tx, new.key, now, REVIVED_AT_ONCE)? == REVIVED_AT_ONCE;
    }
    let headers = serde_json::to_string(&new.headers).map_err(Error::internal)?;
    tx.later(
        "INSERT INTO subscription (domain, key, id, version, origin, instance, state, failure,
                                   told, reviving, changed, ends, on_delete, criteria, endpoint, headers)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (domain, key) DO UPDATE SET
           version = $4, origin = $5, instance = $6, state = $7, failure = $8, told = $9,
           reviving = $10, changed = $11, ends = $12, on_delete = $13, criteria = $14,
           endpoint = $15, headers = $16",
        args![
            new.key,
            &new.id,
            new.version,
            &new.origin,
            new.instance,
            state.number(),
            failure,
            told,
            reviving,
            changed,
            new.ends.map(|ends| ends.0),
            new.on_delete,
            &new.criteria,
            &new.endpoint,
            &headers
        ],
    )
}

/// A Subscription was deleted. What its notifications carried is forgotten; the rest
/// stays until [`tidy`], for those who have not seen it yet.
pub fn remove(tx: &mut DomainTx<'_>, key: i64, now: Timestamp) -> Result<()> {
    locked(tx, key)?;
    let changed = next_change(tx)?;
    tx.later(
        "UPDATE subscription SET state = 3, told = 1, reviving = 0, changed = $3, ends = $4,
           failure = NULL, endpoint = '', headers = '[]'
         WHERE domain = $1 AND key = $2",
        args![key, changed, now],
    )
}

/// The last try of a notification has failed: the subscription has failed, and its
/// resource is to say so. False: it was not active (any more).
pub fn fail(tx: &mut DomainTx<'_>, key: i64, failure: &str) -> Result<bool> {
    locked(tx, key)?;
    let changed = next_change(tx)?;
    let failed = tx.execute(
        "UPDATE subscription SET state = 2, failure = $3, told = 0, reviving = 0, changed = $4
         WHERE domain = $1 AND key = $2 AND state = 1",
        args![key, failure, changed],
    )?;
    Ok(failed == 1)
}

/// How often subscriptions of the domain were changed.
pub fn counter(tx: &mut DomainTx<'_>) -> Result<i64> {
    tx.query_one("SELECT subscriptions FROM definitions WHERE domain = $1", args![])?
        .map_or(Ok(0), |row| row.int(0))
}

/// The same of every domain, by its number.
pub fn counters(tx: &mut dyn Tx) -> Result<HashMap<i64, i64>> {
    tx.query("SELECT domain, subscriptions FROM definitions", args![])?
        .into_iter()
        .map(|row| Ok((row.int(0)?, row.int(1)?)))
        .collect()
}

/// At most `limit` subscriptions that were changed after this change, in the order of
/// their changes. Those that were removed are among them.
pub fn since(tx: &mut DomainTx<'_>, change: i64, limit: i64) -> Result<Vec<Watch>> {
    tx.query(
        "SELECT key, origin, instance, state, changed, ends, on_delete, criteria FROM subscription
         WHERE domain = $1 AND changed > $2 ORDER BY changed LIMIT $3",
        args![change, limit],
    )?
    .into_iter()
    .map(watch)
    .collect()
}

/// What the delivery needs to know of a subscription.
pub fn channel(tx: &mut DomainTx<'_>, key: i64) -> Result<Option<Channel>> {
    let row = tx.query_one(
        "SELECT id, origin, instance, state, ends, criteria, endpoint, headers FROM subscription
         WHERE domain = $1 AND key = $2",
        args![key],
    )?;
    row.map(|mut row| {
        Ok(Channel {
            id: row.text(0)?,
            origin: row.text(1)?,
            instance: row.int(2)?,
            state: State::from_number(row.int(3)?),
            ends: row.opt_int(4)?.map(Timestamp),
            criteria: row.text(5)?,
            endpoint: row.text(6)?,
            headers: serde_json::from_str(&row.text(7)?).map_err(Error::internal)?,
        })
    })
    .transpose()
}

/// The versions of these subscriptions, by their keys, as far as something may be sent for them
/// now: they are there, not off, and have not ended.
pub(crate) fn versions_now(
    tx: &mut DomainTx<'_>,
    keys: impl IntoIterator<Item = i64>,
    now: Timestamp,
) -> Result<HashMap<i64, i64>> {
    let mut filter = Filter::default();
    let keys: BTreeSet<i64> = keys.into_iter().collect();
    filter.and_in("key", keys);
    let now = filter.bind(now);
    let sql = format!(
        "SELECT key, version FROM subscription
         WHERE domain = $1{} AND (state = 1 OR state = 2) AND (ends IS NULL OR ends > {now})",
        filter.sql()
    );
    tx.query(&sql, filter.args())?.into_iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
}

/// The versions of the resources that the rows speak of, by their keys.
pub fn versions(tx: &mut DomainTx<'_>) -> Result<HashMap<i64, i64>> {
    tx.query("SELECT key, version FROM subscription WHERE domain = $1", args![])?
        .into_iter()
        .map(|row| Ok((row.int(0)?, row.int(1)?)))
        .collect()
}

/// At most `limit` subscriptions of any domain of which the resource does not say
/// that they failed or have ended, or whose dead letters are still to be sent anew.
pub fn untold(tx: &mut dyn Tx, now: Timestamp, limit: i64) -> Result<Vec<Untold>> {
    const COLUMNS: &str = "domain, key, id, failure, ends, changed, reviving FROM subscription";
    // Two indexes, so two statements.
    let mut rows = tx.query(
        &format!("SELECT {COLUMNS} WHERE told = 0 OR reviving = 1 ORDER BY domain, key LIMIT $1"),
        args![limit],
    )?;
    rows.extend(tx.query(
        &format!(
            "SELECT {COLUMNS} WHERE ends <= $1 AND (state = 1 OR state = 2) AND told = 1
               AND reviving = 0 ORDER BY ends LIMIT $2"
        ),
        args![now, limit],
    )?);
    rows.into_iter()
        .map(|mut row| {
            Ok(Untold {
                domain: row.int(0)?,
                key: row.int(1)?,
                id: row.text(2)?,
                failure: row.opt_text(3)?,
                ends: row.opt_int(4)?.map(Timestamp),
                changed: row.int(5)?,
                reviving: row.int(6)? != 0,
            })
        })
        .collect()
}

/// The resource says by this version what is the case. False: the subscription was
/// changed after `expected`, and nothing is written.
pub fn told(
    tx: &mut DomainTx<'_>,
    key: i64,
    expected: i64,
    version: i64,
    state: State,
    failure: Option<&str>,
) -> Result<bool> {
    locked(tx, key)?;
    let changed = next_change(tx)?;
    let told = tx.execute(
        "UPDATE subscription SET version = $4, state = $5, failure = $6, told = 1, reviving = 0,
           changed = $7
         WHERE domain = $1 AND key = $2 AND changed = $3",
        args![key, expected, version, state.number(), failure, changed],
    )?;
    Ok(told == 1)
}

/// Sends some more dead letters of a subscription anew that works again. True: there
/// are more of them.
pub fn revive(tx: &mut DomainTx<'_>, key: i64, now: Timestamp) -> Result<bool> {
    if !locked(tx, key)?.is_some_and(|before| before.reviving) {
        return Ok(false);
    }
    let has_more = outbox::revive(tx, key, now, REVIVED_AT_ONCE)? == REVIVED_AT_ONCE;
    if !has_more {
        tx.later(
            "UPDATE subscription SET reviving = 0 WHERE domain = $1 AND key = $2",
            args![key],
        )?;
    }
    Ok(has_more)
}

/// Forgets subscriptions that were removed before this moment, of every domain.
pub fn tidy(tx: &mut dyn Tx, before: Timestamp) -> Result<()> {
    tx.later("DELETE FROM subscription WHERE state = 3 AND ends < $1", args![before])
}

/// A version that the store made of its own accord: subscriptions are asked later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwatched {
    /// The number of its domain.
    pub domain: i64,
    /// The key of the Device.
    pub key: i64,
    /// Its logical id.
    pub id: String,
    /// The version.
    pub version: i64,
}

/// Notes that a version of a Device was made.
pub(crate) fn watch_later(tx: &mut DomainTx<'_>, device: &Stored) -> Result<()> {
    tx.later(
        "INSERT INTO unwatched (domain, key, id, version) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        args![device.key, &device.id, device.version],
    )
}

/// At most `limit` of those versions, in the order in which they are to be asked about.
pub fn unwatched(tx: &mut dyn Tx, limit: i64) -> Result<Vec<Unwatched>> {
    tx.query(
        "SELECT domain, key, id, version FROM unwatched ORDER BY domain, key, version LIMIT $1",
        args![limit],
    )?
    .into_iter()
    .map(|mut row| {
        Ok(Unwatched {
            domain: row.int(0)?,
            key: row.int(1)?,
            id: row.text(2)?,
            version: row.int(3)?,
        })
    })
    .collect()
}

/// Subscriptions are asked about this version now. False: another process did so.
pub fn watched(tx: &mut DomainTx<'_>, key: i64, version: i64) -> Result<bool> {
    let sql = "DELETE FROM unwatched WHERE domain = $1 AND key = $2 AND version = $3";
    Ok(tx.execute(sql, args![key, version])? == 1)
}

/// Takes the number of the next change. Nobody else gets one before the transaction
/// ends, so changes become visible in the order of their numbers. Whoever changes a
/// subscription has it [`locked`] before.
fn next_change(tx: &mut DomainTx<'_>) -> Result<i64> {
    let row = tx.query_one(
        "INSERT INTO definitions (domain, version, subscriptions) VALUES ($1, 0, 1)
         ON CONFLICT (domain) DO UPDATE SET subscriptions = definitions.subscriptions + 1
         RETURNING subscriptions",
        args![],
    )?;
    row.unwrap_or_default().int(0)
}

/// A row that is there when another version is written.
struct Before {
    state: State,
    told: bool,
    failure: Option<String>,
    reviving: bool,
}

/// The row of a subscription, which nobody else changes until the transaction ends.
fn locked(tx: &mut DomainTx<'_>, key: i64) -> Result<Option<Before>> {
    let lock = tx.dialect().for_update();
    let sql = format!(
        "SELECT state, told, failure, reviving FROM subscription
         WHERE domain = $1 AND key = $2{lock}"
    );
    let row = tx.query_one(&sql, args![key])?;
    row.map(|mut row| {
        Ok(Before {
            state: State::from_number(row.int(0)?),
            told: row.int(1)? != 0,
            failure: row.opt_text(2)?,
            reviving: row.int(3)? != 0,
        })
    })
    .transpose()
}

fn watch(mut row: Row) -> Result<Watch> {
    Ok(Watch {
        key: row.int(0)?,
        origin: row.text(1)?,
        instance: row.int(2)?,
        state: State::from_number(row.int(3)?),
        changed: row.int(4)?,
        ends: row.opt_int(5)?.map(Timestamp),
        on_delete: row.int(6)? != 0,
        criteria: row.text(7)?,
    })
}
