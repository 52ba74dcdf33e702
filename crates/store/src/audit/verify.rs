//! Verifying the trail: the chain of seals from its beginning, and every row
//! against the seal that covers it.

use std::collections::BTreeMap;

use koppeltaal_core::id::time_of_key;
use koppeltaal_core::{Result, Timestamp};
use serde::Serialize;

use super::canonical::{self, ShapeDigests};
use super::seal::{self, Head, Seal, TrailKey, chained};
use super::{month, shape};
use crate::args;
use crate::scope::DomainTx;
use crate::store::Store;

/// Seals that are read at once.
const SEALS: i64 = 100;
/// Rows that are read at once.
const ROWS: i64 = 2000;
/// How often a walk is begun again because the retention job was at work.
const WALKS: usize = 3;

/// What is known of the trail of one domain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Verdict {
    /// Rows that their seals cover.
    pub sealed: i64,
    /// Rows that no seal covers yet.
    pub unsealed: i64,
    /// Since when the oldest of those waits.
    pub unsealed_since: Option<Timestamp>,
    /// Rows that the retention job removed under a checkpoint.
    pub removed_by_retention: i64,
    /// AuditEvents that were deleted under the switch for test domains.
    pub removed_by_switch: i64,
    /// The number of the newest seal.
    pub seals: i64,
    /// What the newest seal says, to be kept elsewhere and compared: hexadecimal.
    pub head: Option<String>,
    /// What is wrong, the first that was found.
    pub wrong: Option<String>,
}

/// Verifies the trail of the domain with this number ([`super::SERVER`] for that of
/// the server).
///
/// What this cannot see: what was changed before it was sealed; and that the end of
/// the trail is missing, when whoever removed it put back an old copy of all of it.
pub async fn verify(store: &Store, key: &TrailKey, domain: i64) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    for _ in 0..WALKS {
        let before = store.read(move |tx| checkpoints(&mut DomainTx::new(tx, domain))).await?;
        verdict = walk(store, key, domain).await?;
        let after = store.read(move |tx| checkpoints(&mut DomainTx::new(tx, domain))).await?;
        if verdict.wrong.is_none() || before == after {
            break;
        }
    }
    Ok(verdict)
}

/// What changes when the retention job is at work.
fn checkpoints(tx: &mut DomainTx<'_>) -> Result<(i64, i64)> {
    let sql = "SELECT coalesce(max(number), 0), count(*) FROM audit_seal
               WHERE domain = $1 AND removed IS NOT NULL";
    let row = tx.query_one(sql, &[])?.unwrap_or_default();
    Ok((row.int(0)?, row.int(1)?))
}

/// What the seal with this number says, as [`Verdict::head`] tells it of the newest;
/// `None` where there is no such seal, or retention removed what it sealed.
pub async fn head_at(store: &Store, domain: i64, number: i64) -> Result<Option<String>> {
    store
        .read(move |tx| {
            let tx = &mut DomainTx::new(tx, domain);
            let found = seal::after(tx, number - 1, 1)?.into_iter().next();
            Ok(found.filter(|seal| seal.number == number).map(|seal| hex(&seal.digest)))
        })
        .await
}

/// The domains that have a trail: rows, seals or a head.
pub async fn domains(store: &Store) -> Result<Vec<i64>> {
    store
        .read(|tx| {
            let mut found: Vec<i64> = tx
                .query("SELECT domain FROM audit_head UNION SELECT domain FROM audit_seal", &[])?
                .into_iter()
                .map(|row| row.int(0))
                .collect::<Result<_>>()?;
            for month in month::months(tx)? {
                found.extend(super::sealing::domains(tx, month.number)?);
            }
            found.sort_unstable();
            found.dedup();
            Ok(found)
        })
        .await
}

/// What the end of the chain is judged by, from one snapshot.
struct End {
    head: Option<Head>,
    /// Rows that follow the last sealed one, by month: how many, and the first.
    rest: Vec<(i64, i64, Option<i64>)>,
}

async fn walk(store: &Store, key: &TrailKey, domain: i64) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    let shapes = match store.read(move |tx| shapes(&mut DomainTx::new(tx, domain))).await? {
        Ok(shapes) => shapes,
        Err(wrong) => return Ok(Verdict { wrong: Some(wrong), ..verdict }),
    };
    // The last sealed row of each month so far.
    let mut ends: BTreeMap<i64, i64> = BTreeMap::new();
    let mut last: Option<Seal> = None;
    let end = loop {
        let after = last.as_ref().map_or(0, |seal| seal.number);
        let sealed = ends.clone();
        let (seals, end) = store
            .read(move |tx| {
                let tx = &mut DomainTx::new(tx, domain);
                let seals = seal::after(tx, after, SEALS)?;
                let end = if seals.is_empty() { Some(end(tx, &sealed)?) } else { None };
                Ok((seals, end))
            })
            .await?;
        if let Some(end) = end {
            break end;
        }
        for next in seals {
            if let Some(wrong) = odd_seal(key, domain, last.as_ref(), &next)? {
                return Ok(Verdict { wrong: Some(wrong), ..verdict });
            }
            if next.removed.is_some() {
                verdict.removed_by_retention += next.entries;
            } else {
                let from = ends.get(&next.month).copied().unwrap_or(-1);
                let found = rows_of(store, domain, &shapes, from, &next).await?;
                if found.digest != next.digest {
                    let wrong = wrong_rows(&next, found.count);
                    return Ok(Verdict { wrong: Some(wrong), ..verdict });
                }
                verdict.sealed += next.entries;
                verdict.removed_by_switch += found.removed;
            }
            ends.insert(next.month, next.last);
            verdict.seals = next.number;
            last = Some(next);
        }
    };
    verdict.head = last.as_ref().map(|seal| hex(&seal.digest));
    verdict.wrong = odd_end(key, domain, last.as_ref(), &end)?;
    for (month, count, first) in end.rest {
        verdict.unsealed += count;
        let since = first.map(time_of_key);
        verdict.unsealed_since = verdict.unsealed_since.into_iter().chain(since).min();
        // Rows of a month are sealed before those of later ones.
        if let (Some(first), Some(last)) = (first, &last)
            && last.month > month
            && verdict.wrong.is_none()
        {
            verdict.wrong = Some(format!(
                "{count} rows from {} ({}) on were added where the trail was sealed already",
                first,
                time_of_key(first)
            ));
        }
    }
    Ok(verdict)
}

/// The digests of the shapes, or what is wrong with one.
fn shapes(tx: &mut DomainTx<'_>) -> Result<Result<ShapeDigests, String>> {
    let sql = "SELECT number, digest, shape FROM audit_shape WHERE domain = $1 ORDER BY number";
    let mut digests = ShapeDigests::new();
    for mut row in tx.query(sql, &[])? {
        let (number, stated) = (row.int(0)?, row.bytes(1)?);
        let digest = shape::digest(&row.text(2)?);
        if digest[..] != stated[..] {
            return Ok(Err(format!("shape {number} of AuditEvents was changed")));
        }
        digests.insert(number, digest);
    }
    Ok(Ok(digests))
}

/// What is wrong with a seal by itself and after the one before it.
fn odd_seal(
    key: &TrailKey,
    domain: i64,
    last: Option<&Seal>,
    next: &Seal,
) -> Result<Option<String>> {
    let number = next.number;
    if next.expected(key, domain)?[..] != next.mac[..] {
        return Ok(Some(format!(
            "seal {number} was changed, or made with another seal_key{}",
            range(next)
        )));
    }
    let wanted = last.map_or(1, |last| last.number + 1);
    if next.since != wanted {
        return Ok(Some(format!("seals {wanted} to {} are missing", next.since - 1)));
    }
    let previous = last.map_or(&seal::START[..], |last| &last.digest);
    if next.previous != previous {
        return Ok(Some(format!("seal {number} does not follow the one before it")));
    }
    Ok(None)
}

fn range(seal: &Seal) -> String {
    format!(
        " (rows {} to {}, {} to {})",
        seal.first,
        seal.last,
        time_of_key(seal.first),
        time_of_key(seal.last)
    )
}

fn wrong_rows(seal: &Seal, count: i64) -> String {
    let what = match count - seal.entries {
        0 => "a row was changed".to_owned(),
        more @ 1.. => format!("{more} rows were added"),
        fewer => format!("{} rows are missing", -fewer),
    };
    format!("seal {} does not hold: {what}{}", seal.number, range(seal))
}

/// The rows that a seal covers.
struct Found {
    digest: Vec<u8>,
    count: i64,
    removed: i64,
}

async fn rows_of(
    store: &Store,
    domain: i64,
    shapes: &ShapeDigests,
    from: i64,
    seal: &Seal,
) -> Result<Found> {
    let (month, until) = (seal.month, seal.last);
    let marks = store
        .read(move |tx| canonical::marks(&mut DomainTx::new(tx, domain), month, (from, until)))
        .await?;
    let mut digests = BTreeMap::new();
    let mut after = from;
    loop {
        let is_there = store
            .read(move |tx| {
                let tx = &mut DomainTx::new(tx, domain);
                let listed = month::months(tx.outside())?.iter().any(|m| m.number == month);
                let rows = if listed {
                    canonical::rows(tx, month, (after, until), ROWS)?
                } else {
                    Vec::new()
                };
                Ok(rows)
            })
            .await?;
        let Some(last) = is_there.last() else { break };
        after = last.int(1)?;
        for row in &is_there {
            digests.insert(row.int(1)?, canonical::digest(row, shapes));
        }
        // A seal covers a bounded number of rows: more are more than enough.
        if i64::try_from(digests.len()).unwrap_or(i64::MAX) > seal.entries.saturating_add(ROWS) {
            break;
        }
    }
    let mut gone = 0;
    for (id, mark) in marks {
        // Without its row the mark stands for it; beside it, it means nothing.
        digests.entry(id).or_insert_with(|| {
            gone += 1;
            mark
        });
    }
    let count = i64::try_from(digests.len()).unwrap_or(i64::MAX);
    let digest = chained(&seal.previous, digests.into_values()).to_vec();
    Ok(Found { digest, count, removed: gone })
}

fn end(tx: &mut DomainTx<'_>, sealed: &BTreeMap<i64, i64>) -> Result<End> {
    let mut rest = Vec::new();
    for month in month::months(tx.outside())? {
        let sql = format!(
            "SELECT count(*), min(id) FROM {} WHERE domain = $1 AND id > $2",
            month::table(month.number)
        );
        let last = sealed.get(&month.number).copied().unwrap_or(-1);
        let row = tx.query_one(&sql, args![last])?.unwrap_or_default();
        if row.int(0)? > 0 {
            rest.push((month.number, row.int(0)?, row.opt_int(1)?));
        }
    }
    Ok(End { head: seal::head(tx)?, rest })
}

fn odd_end(key: &TrailKey, domain: i64, last: Option<&Seal>, end: &End) -> Result<Option<String>> {
    Ok(match (last, &end.head) {
        (None, None) => None,
        (Some(last), Some(head)) if last.is_head(key, domain, head)? => None,
        (Some(last), Some(head)) if head.number > last.number => {
            Some(format!("seals {} to {} are missing", last.number + 1, head.number))
        }
        (None, Some(head)) => Some(format!("seals 1 to {} are missing", head.number)),
        (Some(last), _) => Some(format!(
            "seal {} is the last one, and the record of the last one is missing or was changed",
            last.number
        )),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
