//! What instances do that version 1.3.5 does not allow: a row for each instance
//! and finding, which is never removed.

use koppeltaal_core::{Result, Timestamp};

use crate::args;
use crate::scope::DomainTx;

/// A finding about an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its key.
    pub id: i64,
    /// The number of the instance.
    pub instance: i64,
    /// What it does.
    pub finding: String,
    /// When it was seen first.
    pub first_seen: Timestamp,
    /// When it was seen last.
    pub last_seen: Timestamp,
    /// How often it was seen.
    pub times: i64,
    /// The id of the last request with it.
    pub request_id: String,
}

/// Counts a finding.
pub fn record(tx: &mut DomainTx<'_>, finding: &Finding) -> Result<()> {
    tx.later(
        "INSERT INTO compliance_log
           (domain, instance, finding, first_seen, last_seen, times, request_id, id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (domain, instance, finding) DO UPDATE
         SET last_seen = $5, times = compliance_log.times + $6, request_id = $7",
        args![
            finding.instance,
            finding.finding.as_str(),
            finding.first_seen,
            finding.last_seen,
            finding.times,
            finding.request_id.as_str(),
            finding.id
        ],
    )
}

/// The findings in a domain, by instance.
pub fn list(tx: &mut DomainTx<'_>) -> Result<Vec<Finding>> {
    tx.query(
        "SELECT instance, finding, first_seen, last_seen, times, request_id, id
         FROM compliance_log WHERE domain = $1 ORDER BY instance, finding",
        args![],
    )?
    .into_iter()
    .map(|mut row| {
        Ok(Finding {
            instance: row.int(0)?,
            finding: row.text(1)?,
            first_seen: Timestamp(row.int(2)?),
            last_seen: Timestamp(row.int(3)?),
            times: row.int(4)?,
            request_id: row.text(5)?,
            id: row.int(6)?,
        })
    })
    .collect()
}
