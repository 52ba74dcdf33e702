//! Seals: rows are written unchained, and a job chains them afterwards, domain by
//! domain in the order of their numbers. A seal covers the rows since the one
//! before it, and holds the digest of everything so far under a key that the store
//! does not have.

use hmac::{Hmac, KeyInit, Mac};
use koppeltaal_core::{Error, Result, Timestamp};
use sha2::{Digest, Sha256};

use super::canonical::RowDigest;
use crate::scope::DomainTx;
use crate::tx::{ColumnType, OnConflict, Row, Table};
use crate::{args, row};

/// The key that seals are made with.
#[derive(Clone)]
pub struct TrailKey([u8; 32]);

impl std::fmt::Debug for TrailKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TrailKey(…)")
    }
}

impl TrailKey {
    /// A key of 32 bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn mac(&self, purpose: &[u8], parts: &[&[u8]]) -> Result<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).map_err(Error::internal)?;
        mac.update(purpose);
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Ok(mac.finalize().into_bytes().into())
    }
}

/// A seal, or a checkpoint: what stands for seals whose rows were removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seal {
    /// Its place in the chain of the domain, from 1.
    pub(super) number: i64,
    /// The first seal that it stands for.
    pub(super) since: i64,
    /// The month of its rows; of the last ones, for a checkpoint.
    pub(super) month: i64,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) entries: i64,
    /// The chain with its rows.
    pub(super) digest: Vec<u8>,
    /// The chain before them.
    pub(super) previous: Vec<u8>,
    pub(super) mac: Vec<u8>,
    pub(super) sealed: Timestamp,
    pub(super) removed: Option<Timestamp>,
}

/// What the chain of a domain begins with.
pub(super) const START: [u8; 32] = [0; 32];

const TABLE: Table = Table {
    name: "audit_seal",
    columns: &[
        ("domain", ColumnType::Int),
        ("number", ColumnType::Int),
        ("since", ColumnType::Int),
        ("month", ColumnType::Int),
        ("first", ColumnType::Int),
        ("last", ColumnType::Int),
        ("entries", ColumnType::Int),
        ("digest", ColumnType::Bytes),
        ("previous", ColumnType::Bytes),
        ("mac", ColumnType::Bytes),
        ("sealed", ColumnType::Int),
        ("removed", ColumnType::Int),
    ],
    key: &["domain", "number"],
    // Another process was faster.
    on_conflict: OnConflict::Refuse,
};

const COLUMNS: &str =
    "number, since, month, first, last, entries, digest, previous, mac, sealed, removed";

impl Seal {
    /// The MAC that it has to have.
    pub(super) fn expected(&self, key: &TrailKey, domain: i64) -> Result<[u8; 32]> {
        let numbers = [
            domain,
            self.number,
            self.since,
            self.month,
            self.first,
            self.last,
            self.entries,
            self.sealed.0,
            self.removed.map_or(i64::MIN, |removed| removed.0),
        ];
        let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        key.mac(b"koppeltaal audit seal 1", &[&numbers, &self.digest, &self.previous])
    }

    pub(super) fn sign(&mut self, key: &TrailKey, domain: i64) -> Result<()> {
        self.mac = self.expected(key, domain)?.to_vec();
        Ok(())
    }

    fn head_mac(&self, key: &TrailKey, domain: i64) -> Result<[u8; 32]> {
        let numbers: Vec<u8> =
            [domain, self.number].iter().flat_map(|number| number.to_be_bytes()).collect();
        key.mac(b"koppeltaal audit head 1", &[&numbers, &self.digest])
    }

    /// Whether the head of the chain names this seal.
    pub(super) fn is_head(&self, key: &TrailKey, domain: i64, head: &Head) -> Result<bool> {
        Ok(head.number == self.number && head.mac == self.head_mac(key, domain)?)
    }
}

/// The chain after these rows.
pub(super) fn chained(previous: &[u8], rows: impl IntoIterator<Item = RowDigest>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    for row in rows {
        hash.update(row);
    }
    hash.finalize().into()
}

/// Adds seals to the chain of the domain; the last one becomes its head.
pub(super) fn add(tx: &mut DomainTx<'_>, key: &TrailKey, seals: &[Seal]) -> Result<()> {
    let domain = tx.domain();
    let rows: Vec<Row> = seals.iter().map(|seal| to_row(domain, seal)).collect();
    tx.insert_many(&TABLE, &rows)?;
    let Some(last) = seals.last() else { return Ok(()) };
    let mac = last.head_mac(key, domain)?;
    tx.later(
        "INSERT INTO audit_head (domain, number, mac) VALUES ($1, $2, $3)
         ON CONFLICT (domain) DO UPDATE SET number = $2, mac = $3",
        args![last.number, mac.as_slice()],
    )
}

/// Puts a checkpoint into the place of the seals that it stands for.
pub(super) fn replace(tx: &mut DomainTx<'_>, checkpoint: &Seal) -> Result<()> {
    tx.execute(
        "DELETE FROM audit_seal WHERE domain = $1 AND number <= $2",
        args![checkpoint.number],
    )?;
    let row = to_row(tx.domain(), checkpoint);
    tx.insert_many(&TABLE, &[row])
}

fn to_row(domain: i64, seal: &Seal) -> Row {
    row![
        domain,
        seal.number,
        seal.since,
        seal.month,
        seal.first,
        seal.last,
        seal.entries,
        seal.digest.clone(),
        seal.previous.clone(),
        seal.mac.clone(),
        seal.sealed,
        seal.removed.map(|removed| removed.0),
    ]
}

/// Seals after this number, in their order.
pub(super) fn after(tx: &mut DomainTx<'_>, number: i64, limit: i64) -> Result<Vec<Seal>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_seal WHERE domain = $1 AND number > $2
         ORDER BY number LIMIT $3"
    );
    tx.query(&sql, args![number, limit])?.into_iter().map(seal).collect()
}

/// The newest seal of the domain.
pub(super) fn newest(tx: &mut DomainTx<'_>) -> Result<Option<Seal>> {
    let sql =
        format!("SELECT {COLUMNS} FROM audit_seal WHERE domain = $1 ORDER BY number DESC LIMIT 1");
    tx.query_one(&sql, &[])?.map(seal).transpose()
}

/// The number of the last row of a month that is sealed; -1 when none is.
pub(super) fn last_of_month(tx: &mut DomainTx<'_>, month: i64) -> Result<i64> {
    let sql = "SELECT coalesce(max(last), -1) FROM audit_seal WHERE domain = $1 AND month = $2";
    tx.query_one(sql, args![month])?.unwrap_or_default().int(0)
}

fn seal(mut row: Row) -> Result<Seal> {
    Ok(Seal {
        number: row.int(0)?,
        since: row.int(1)?,
        month: row.int(2)?,
        first: row.int(3)?,
        last: row.int(4)?,
        entries: row.int(5)?,
        digest: row.bytes(6)?,
        previous: row.bytes(7)?,
        mac: row.bytes(8)?,
        sealed: Timestamp(row.int(9)?),
        removed: row.opt_int(10)?.map(Timestamp),
    })
}

/// What tells that no seal at the end is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) number: i64,
    mac: Vec<u8>,
}

/// The head of the domain's chain.
pub(super) fn head(tx: &mut DomainTx<'_>) -> Result<Option<Head>> {
    let row = tx.query_one("SELECT number, mac FROM audit_head WHERE domain = $1", &[])?;
    row.map(|mut row| Ok(Head { number: row.int(0)?, mac: row.bytes(1)? })).transpose()
}
