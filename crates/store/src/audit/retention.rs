//! What leaves the trail when its time is over: whole months, of all domains at
//! once. A checkpoint stands for the seals of what was removed, so that the chain
//! holds.

use std::time::Duration;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::id::time_of_key;
use koppeltaal_core::{Result, Timestamp};

use super::append::append_across;
use super::month::{self, BEFORE};
use super::seal::{self, Seal, TrailKey};
use super::sealing;
use crate::ids::Ids;
use crate::scope::DomainTx;
use crate::store::Store;
use crate::tx::Tx;
use crate::{args, job};

/// The name of the lease.
const JOB: &str = "audit-retention";
/// How long the lease of a process that was killed lasts: longer than a month takes.
const LEASE: Duration = Duration::from_secs(3600);
/// Seals that one transaction replaces.
const SEALS: i64 = 1000;
/// Rows that one transaction removes.
const ROWS: i64 = 5000;
/// How long readers that began before may still read a month.
const READERS: Duration = Duration::from_secs(120);

/// Removes the months whose last row is older than `keep`, and tells which. Only
/// what is sealed goes. Nothing happens while another process is at it.
pub async fn remove_old(
    store: &Store,
    ids: &std::sync::Arc<Ids>,
    key: &TrailKey,
    keep: Duration,
    now: Timestamp,
) -> Result<Vec<i64>> {
    if !store.write(move |tx| job::take(tx, JOB, now, now.plus(LEASE))).await? {
        return Ok(Vec::new());
    }
    let removed = removed(store, ids, key, keep, now).await;
    let done = match &removed {
        Ok(months) => format!("{} months", months.len()),
        Err(error) => error.to_string(),
    };
    store.write(move |tx| job::finish(tx, JOB, now, &done)).await?;
    removed
}

async fn removed(
    store: &Store,
    ids: &std::sync::Arc<Ids>,
    key: &TrailKey,
    keep: Duration,
    now: Timestamp,
) -> Result<Vec<i64>> {
    let cutoff = now.minus(keep);
    let old = store.read(move |tx| old_months(tx, cutoff)).await?;
    for month in &old {
        retire(store, ids, key, *month, now).await?;
    }
    let gone = now.minus(READERS);
    let retired = store
        .read(move |tx| {
            let sql = "SELECT month FROM audit_month WHERE removed <= $1";
            tx.query(sql, args![gone])?
                .into_iter()
                .map(|row| row.int(0))
                .collect::<Result<Vec<_>>>()
        })
        .await?;
    for month in retired {
        drop_tables(store, month).await?;
    }
    Ok(old)
}

/// The months that are sealed and over since before `cutoff`, oldest first; a month
/// waits for those before it.
fn old_months(tx: &mut dyn Tx, cutoff: Timestamp) -> Result<Vec<i64>> {
    let mut old = Vec::new();
    for month in month::months(tx)? {
        let end = match month.number {
            BEFORE => last_row(tx, BEFORE)?,
            number => number,
        };
        if !month.is_closed || end >= cutoff.month() {
            break;
        }
        old.push(month.number);
    }
    Ok(old)
}

/// The month of the last row of a table.
fn last_row(tx: &mut dyn Tx, month: i64) -> Result<i64> {
    let mut last = 0;
    for domain in sealing::domains(tx, month)? {
        let sql = format!("SELECT max(id) FROM {} WHERE domain = $1", month::table(month));
        let row = tx.query_one(&sql, args![domain])?.unwrap_or_default();
        last = last.max(row.opt_int(0)?.map_or(0, |id| time_of_key(id).month()));
    }
    Ok(last)
}

/// Puts checkpoints into the place of a month's seals, and takes the month out of
/// sight.
async fn retire(
    store: &Store,
    ids: &std::sync::Arc<Ids>,
    key: &TrailKey,
    month: i64,
    now: Timestamp,
) -> Result<()> {
    let domains = store.read(move |tx| sealing::domains(tx, month)).await?;
    let mut entries = Vec::new();
    for domain in domains {
        loop {
            let key = key.clone();
            let done = store
                .write(move |tx| checkpoint(&mut DomainTx::new(tx, domain), &key, month, now))
                .await?;
            if done {
                break;
            }
        }
        let detail = Some(format!("the audit trail of {} was removed", name(month)));
        entries.push((domain, Entry { detail, ..Entry::new(Action::Retention, now, "server") }));
    }
    let ids = ids.clone();
    store
        .write(move |tx| {
            append_across(tx, &ids, &entries)?;
            let sql = "UPDATE audit_month SET removed = $2 WHERE month = $1";
            tx.execute(sql, args![month, now])
        })
        .await?;
    tracing::info!(month, "a month of the audit trail was removed: its time is over");
    Ok(())
}

fn name(month: i64) -> String {
    match month {
        BEFORE => "the time before there were months".to_owned(),
        month => format!("{}-{:02}", month / 100, month % 100),
    }
}

/// Replaces some of the seals of a month. True when none is left.
fn checkpoint(tx: &mut DomainTx<'_>, key: &TrailKey, month: i64, now: Timestamp) -> Result<bool> {
    let oldest = seal::after(tx, 0, SEALS)?;
    let is_of_month = |seal: &&Seal| seal.removed.is_some() || seal.month == month;
    let covered: Vec<&Seal> = oldest.iter().take_while(is_of_month).collect();
    let (Some(first), Some(last)) = (covered.first(), covered.last()) else { return Ok(true) };
    if last.removed.is_some() {
        return Ok(true);
    }
    let mut stands_for = Seal {
        number: last.number,
        since: first.since,
        month,
        first: first.first,
        last: last.last,
        entries: covered.iter().map(|seal| seal.entries).sum(),
        digest: last.digest.clone(),
        previous: first.previous.clone(),
        mac: Vec::new(),
        sealed: last.sealed,
        removed: Some(now),
    };
    stands_for.sign(key, tx.domain())?;
    seal::replace(tx, &stands_for)?;
    Ok(covered.len() == 1 || covered.len() < oldest.len())
}

/// Removes the rows of a month a few at a time, and then its tables.
async fn drop_tables(store: &Store, month: i64) -> Result<()> {
    // SQLite frees a table page by page, in the turn of everybody who writes.
    let tables = [(month::table(month), "id"), (month::key_table(month), "key")];
    if store.dialect() == crate::tx::Dialect::Sqlite {
        for (table, column) in tables.clone() {
            loop {
                let table = table.clone();
                let removed = store
                    .write(move |tx| {
                        let sql = format!(
                            "DELETE FROM {table} WHERE (domain, {column}) IN
                             (SELECT domain, {column} FROM {table} LIMIT $1)"
                        );
                        tx.execute(&sql, args![ROWS])
                    })
                    .await?;
                if removed == 0 {
                    break;
                }
            }
        }
    }
    store
        .write(move |tx| {
            for (table, _) in &tables {
                tx.execute(&format!("DROP TABLE IF EXISTS {table}"), &[])?;
            }
            tx.execute("DELETE FROM audit_month WHERE month = $1", args![month])
        })
        .await?;
    Ok(())
}
