//! The sealing of what was added to the trail, by one process at a time.
//!
//! A row that appears behind a seal would look like a forgery, so only what is
//! complete is sealed. Numbers follow the clock at the moment of writing
//! ([`crate::ids`]), so what is older than a grace is complete once every
//! transaction that was writing to the trail has ended: on SQLite by the time a
//! write of our own has its turn, on PostgreSQL when none of those is left that
//! hold a lock of the trail's tables.

use std::collections::BTreeSet;
use std::time::Duration;

use koppeltaal_core::id::first_key_at;
use koppeltaal_core::{Clock, Error, Result, Timestamp};

use super::canonical::{self, ShapeDigests};
use super::month::{self, BEFORE};
use super::seal::{self, Seal, TrailKey, chained};
use crate::ids::Ids;
use crate::scope::DomainTx;
use crate::store::Store;
use crate::tx::{Dialect, Tx};
use crate::{args, job};

/// The most rows of one seal.
const MOST: i64 = 5000;
/// The most seals of one transaction.
const AT_ONCE: usize = 64;
/// The name of the lease.
pub(super) const JOB: &str = "audit-sealing";
/// How long the lease of a process that was killed lasts.
const LEASE: Duration = Duration::from_secs(30);
/// How often PostgreSQL is asked whether a transaction has ended, and how long.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS: usize = 50;
/// The counter that tells other processes up to when the trail is sealed.
const SEALED_UNTIL: &str = "audit_sealed_until";

/// How old rows are when they are sealed: never younger than this.
pub(super) fn grace(dialect: Dialect) -> Duration {
    match dialect {
        Dialect::Sqlite => Duration::from_secs(2),
        Dialect::Postgres => Duration::from_secs(5),
    }
}

/// What a run of [`seal`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sealed {
    /// Rows that are sealed now.
    pub rows: i64,
    /// In so many seals.
    pub seals: usize,
}

/// Seals what is complete, if a row has waited for as long as `patience`. Nothing
/// happens while another process is at it.
pub async fn seal(
    store: &Store,
    ids: &Ids,
    key: &TrailKey,
    clock: &dyn Clock,
    patience: Duration,
) -> Result<Sealed> {
    let now = clock.now();
    let grace = grace(store.dialect());
    let bound = first_key_at(now.minus(grace));
    let due = first_key_at(now.minus(grace.max(patience)));
    if !store.read(move |tx| Ok(!waiting(tx, due)?.is_empty())).await? {
        follow(store, ids).await?;
        return Ok(Sealed::default());
    }
    if !store.write(move |tx| job::take(tx, JOB, now, now.plus(LEASE))).await? {
        return Ok(Sealed::default());
    }
    let sealed = seal_waiting(store, key, clock, now, bound).await;
    let done = match &sealed {
        Ok(sealed) => format!("{} rows, {} seals", sealed.rows, sealed.seals),
        Err(error) => error.to_string(),
    };
    let finished = clock.now();
    store.write(move |tx| job::finish(tx, JOB, finished, &done)).await?;
    sealed
}

/// Has the rows of this process numbered after what is sealed, however far behind its clock is.
pub async fn follow(store: &Store, ids: &Ids) -> Result<()> {
    let until = store.read(sealed_until).await?;
    ids.not_before(until.plus(grace(store.dialect())));
    Ok(())
}

async fn seal_waiting(
    store: &Store,
    key: &TrailKey,
    clock: &dyn Clock,
    now: Timestamp,
    bound: i64,
) -> Result<Sealed> {
    let mut sealed = Sealed::default();
    // The lease was the write of our own that SQLite needs.
    if store.dialect() == Dialect::Postgres && !writers_ended(store).await? {
        tracing::warn!("the audit trail is not sealed yet: a transaction takes long");
        return Ok(sealed);
    }
    let grace = grace(store.dialect());
    store
        .write(move |tx| {
            tx.execute(
                "INSERT INTO counter (name, value) VALUES ($1, $2)
                 ON CONFLICT (name) DO UPDATE SET value = $2 WHERE counter.value < $2",
                args![SEALED_UNTIL, now.minus(grace)],
            )
        })
        .await?;
    for (domain, month) in store.read(move |tx| waiting(tx, bound)).await? {
        let mut shapes = ShapeDigests::new();
        let mut seals: Vec<Seal> = Vec::new();
        let mut last = None;
        loop {
            let known = shapes.keys().max().copied().unwrap_or(0);
            let from = last.as_ref().map(|seal: &Seal| seal.last);
            let page = store
                .read(move |tx| {
                    let tx = &mut DomainTx::new(tx, domain);
                    let newest = if from.is_none() { seal::newest(tx)? } else { None };
                    let from = match from {
                        Some(from) => from,
                        None => seal::last_of_month(tx, month)?,
                    };
                    let shapes = canonical::shape_digests(tx, known)?;
                    let rows = canonical::rows(tx, month, (from, bound - 1), MOST)?;
                    // What was removed before it was sealed is sealed by its mark.
                    let until = rows.last().map_or(Ok(from), |row| row.int(1))?;
                    let marks = canonical::marks(tx, month, (from, until))?;
                    Ok((newest, shapes, rows, marks))
                })
                .await?;
            let (newest, more, rows, mut digests) = page;
            shapes.extend(more);
            if last.is_none() {
                last = newest;
            }
            for row in &rows {
                digests.insert(row.int(1)?, canonical::digest(row, &shapes));
            }
            let (Some((first, _)), Some((until, _))) =
                (digests.first_key_value(), digests.last_key_value())
            else {
                break;
            };
            let previous = last.as_ref().map_or(seal::START.to_vec(), |seal| seal.digest.clone());
            let number = last.as_ref().map_or(1, |seal| seal.number + 1);
            let mut next = Seal {
                number,
                since: number,
                month,
                first: *first,
                last: *until,
                entries: i64::try_from(digests.len()).unwrap_or(i64::MAX),
                digest: chained(&previous, digests.values().copied()).to_vec(),
                previous,
                mac: Vec::new(),
                sealed: now,
                removed: None,
            };
            next.sign(key, domain)?;
            sealed.rows += next.entries;
            sealed.seals += 1;
            last = Some(next.clone());
            seals.push(next);
            if seals.len() >= AT_ONCE {
                add(store, key, domain, std::mem::take(&mut seals), (now, clock.now())).await?;
            }
        }
        add(store, key, domain, seals, (now, clock.now())).await?;
    }
    close_months(store, bound).await?;
    Ok(sealed)
}

async fn add(
    store: &Store,
    key: &TrailKey,
    domain: i64,
    seals: Vec<Seal>,
    (began, now): (Timestamp, Timestamp),
) -> Result<()> {
    if seals.is_empty() {
        return Ok(());
    }
    let key = key.clone();
    store
        .write(move |tx| {
            // Two that seal at once would meet in the numbers of the seals; the lease
            // spares them that.
            if !job::renew(tx, JOB, began, now.plus(LEASE))? {
                return Err(Error::Unavailable("another process seals the trail".to_owned()));
            }
            seal::add(&mut DomainTx::new(tx, domain), &key, &seals)
        })
        .await
}

/// Domains and months with rows that are not sealed, of numbers before this one; in
/// each domain the oldest month first.
pub(super) fn waiting(tx: &mut dyn Tx, bound: i64) -> Result<Vec<(i64, i64)>> {
    let months = tx.query("SELECT month FROM audit_month WHERE closed = 0 ORDER BY month", &[])?;
    let mut found = Vec::new();
    for month in months {
        let month = month.int(0)?;
        for domain in domains(tx, month)? {
            let last = seal::last_of_month(&mut DomainTx::new(tx, domain), month)?;
            let sql = format!(
                "SELECT 1 FROM {} WHERE domain = $1 AND id > $2 AND id < $3 LIMIT 1",
                month::table(month)
            );
            if tx.query_one(&sql, args![domain, last, bound])?.is_some() {
                found.push((domain, month));
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The domains that have rows in a month.
pub(super) fn domains(tx: &mut dyn Tx, month: i64) -> Result<Vec<i64>> {
    // From domain to domain along the key, whatever lies between.
    let table = month::table(month);
    let sql = format!(
        "WITH RECURSIVE d(domain) AS (
           SELECT min(domain) FROM {table}
           UNION ALL
           SELECT (SELECT min(a.domain) FROM {table} a WHERE a.domain > d.domain) FROM d
           WHERE d.domain IS NOT NULL
         )
         SELECT domain FROM d WHERE domain IS NOT NULL"
    );
    tx.query(&sql, &[])?.into_iter().map(|row| row.int(0)).collect()
}

/// Until when the trail was sealed last, by any process.
fn sealed_until(tx: &mut dyn Tx) -> Result<Timestamp> {
    let sql = "SELECT value FROM counter WHERE name = $1";
    let row = tx.query_one(sql, args![SEALED_UNTIL])?;
    row.map_or(Ok(Timestamp(0)), |row| row.int(0).map(Timestamp))
}

/// Whether every transaction ends soon that is writing to the trail now.
async fn writers_ended(store: &Store) -> Result<bool> {
    let before = store.read(writers).await?;
    if before.is_empty() {
        return Ok(true);
    }
    for _ in 0..LOOKS {
        tokio::time::sleep(LOOK).await;
        if store.read(writers).await?.is_disjoint(&before) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The transactions of PostgreSQL that have written to the trail.
fn writers(tx: &mut dyn Tx) -> Result<BTreeSet<String>> {
    let rows = tx.query(
        "SELECT DISTINCT l.virtualtransaction FROM pg_locks l
         JOIN pg_class c ON c.oid = l.relation
         WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock'
           AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
           AND c.relname LIKE 'audit\\_%'",
        &[],
    )?;
    rows.into_iter().map(|mut row| row.text(0)).collect()
}

/// Closes the months that are over and wholly sealed.
async fn close_months(store: &Store, bound: i64) -> Result<()> {
    let present = month::month_of(bound);
    let open = store
        .read(move |tx| {
            let sql = "SELECT month FROM audit_month WHERE closed = 0 AND month < $1";
            let months: Vec<i64> = tx
                .query(sql, args![present])?
                .into_iter()
                .map(|row| row.int(0))
                .collect::<Result<_>>()?;
            let waiting = waiting(tx, i64::MAX)?;
            let is_done = |month: &i64| waiting.iter().all(|(_, waits)| waits != month);
            Ok(months.into_iter().filter(is_done).collect::<Vec<_>>())
        })
        .await?;
    for month in open {
        store
            .write(move |tx| {
                let mut dates: Option<(i64, i64)> = None;
                for domain in domains(tx, month)? {
                    let sql = format!(
                        "SELECT min(date), max(date) FROM {}
                         WHERE domain = $1 AND shape IS NOT NULL",
                        month::table(month)
                    );
                    let row = tx.query_one(&sql, args![domain])?.unwrap_or_default();
                    if let Some((first, last)) = row.opt_int(0)?.zip(row.opt_int(1)?) {
                        let known = dates.unwrap_or((first, last));
                        dates = Some((known.0.min(first), known.1.max(last)));
                    }
                }
                tx.execute(
                    "UPDATE audit_month SET closed = 1, first_date = $2, last_date = $3
                     WHERE month = $1",
                    args![month, dates.map(|d| d.0), dates.map(|d| d.1)],
                )
            })
            .await?;
        if month != BEFORE {
            tracing::info!(month, "a month of the audit trail is complete and sealed");
        }
    }
    Ok(())
}
