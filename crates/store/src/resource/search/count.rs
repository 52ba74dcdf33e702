//! How many resources meet a search: from a range of the index where there is
//! one that answers it, otherwise by probing the fewest candidates.

use koppeltaal_core::Result;
use koppeltaal_core::search::Condition;

use super::chain::prepare;
use super::condition::{Subject, and_all};
use super::driver::{Driver, Prepared, ROUNDS_OF_COUNT, Source, candidates, smallest, stamps_of};
use crate::resource::Kind;
use crate::resource::sql::Sql;
use crate::scope::DomainTx;

/// Exclusions that are counted apart; each doubles the work.
const EXCLUSIONS: usize = 2;

/// How many resources of the type meet these conditions.
pub fn count(tx: &mut DomainTx<'_>, resource_type: &str, conditions: &[Condition]) -> Result<i64> {
    match prepare(tx, resource_type, conditions)? {
        None => Ok(0),
        Some(Prepared { kind, conditions }) => counted(tx, kind, &conditions, EXCLUSIONS),
    }
}

fn counted(
    tx: &mut DomainTx<'_>,
    kind: Kind,
    conditions: &[Condition],
    exclusions: usize,
) -> Result<i64> {
    let mut candidates = candidates(conditions)?;
    let driver = if candidates.len() == 1 && conditions.len() == 1 {
        candidates.remove(0)
    } else {
        smallest(tx, &candidates, ROUNDS_OF_COUNT)?.unwrap_or_else(|| {
            if candidates.is_empty() { Driver::TYPE } else { candidates.remove(0) }
        })
    };
    // Of many, those that meet the opposite are often fewer, or a range of the
    // index: all without them.
    let excluded = conditions.iter().enumerate().find_map(|(at, condition)| match condition {
        Condition::Not(inner) => Some((at, inner)),
        _ => None,
    });
    if let Some((at, inner)) = excluded
        && !driver.is_small
        && exclusions > 0
    {
        let mut rest = conditions.to_vec();
        rest.remove(at);
        let all = counted(tx, kind, &rest, exclusions - 1)?;
        rest.push((**inner).clone());
        return Ok(all - counted(tx, kind, &rest, exclusions - 1)?);
    }
    counted_from(tx, kind, conditions, &driver)
}

fn counted_from(
    tx: &mut DomainTx<'_>,
    kind: Kind,
    conditions: &[Condition],
    driver: &Driver,
) -> Result<i64> {
    if driver.source.is_empty() {
        return Ok(0);
    }
    let mut sql = Sql::new(tx.dialect());
    let text = if driver.source == Source::Type {
        let subject = Subject { kind, stamp: "r.stamp", row: Some("r") };
        let rest = and_all(&mut sql, subject, conditions, driver.answers)?;
        let number = sql.bind(kind.number);
        format!(
            "SELECT COUNT(*) FROM resource r{} WHERE r.domain = $1 AND r.type = {number} \
             AND r.deleted = 0{rest}",
            sql.dialect().indexed_by("resource_stamp")
        )
    } else {
        let stamps = stamps_of(&mut sql, kind, &driver.source, "")?;
        let subject = Subject { kind, stamp: "c.stamp", row: None };
        let rest = and_all(&mut sql, subject, conditions, driver.answers)?;
        format!("SELECT COUNT(*) FROM ({stamps}) c WHERE 1 = 1{rest}")
    };
    sql.query(tx, &text)?.into_iter().next().unwrap_or_default().int(0)
}
