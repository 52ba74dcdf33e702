//! What a walk in the order of time would miss because it changed while the pages
//! were read: its new stamp lies where the walk does not come by.

use std::ops::Range;

use koppeltaal_core::Result;
use koppeltaal_core::search::Condition;

use super::chain::prepare;
use super::condition::{Subject, and_all};
use super::page::by_stamps;
use crate::args;
use crate::resource::sql::Sql;
use crate::resource::{Stored, kind};
use crate::scope::DomainTx;

/// The largest stamp of the type's resources; 0 when there are none. Whoever
/// reads it with a page knows what changes after that page.
pub fn newest(tx: &mut DomainTx<'_>, resource_type: &str) -> Result<i64> {
    let Some(kind) = kind(resource_type) else { return Ok(0) };
    let sql = format!(
        "SELECT r.stamp FROM resource r{} WHERE r.domain = $1 AND r.type = $2 AND r.deleted = 0
         ORDER BY r.stamp DESC LIMIT 1",
        tx.dialect().indexed_by("resource_stamp")
    );
    tx.query_one(&sql, args![kind.number])?.map_or(Ok(0), |row| row.int(0))
}

/// The resources that meet the conditions now, were there when the first page was
/// read (`start`: the largest stamp then), have changed since the page before
/// this one (`since`: the largest stamp then), and until they changed had a stamp
/// in `stood`, where the walk had not come by yet: no page has shown them, and
/// those that follow will not meet them. The first that changed come first.
pub fn moved(
    tx: &mut DomainTx<'_>,
    resource_type: &str,
    conditions: &[Condition],
    since: i64,
    start: i64,
    stood: Range<i64>,
    limit: i64,
) -> Result<Vec<Stored>> {
    let Some(prepared) = prepare(tx, resource_type, conditions)? else { return Ok(Vec::new()) };
    let kind = prepared.kind;
    let mut sql = Sql::new(tx.dialect());
    let subject = Subject { kind, stamp: "r.stamp", row: Some("r") };
    let rest = and_all(&mut sql, subject, &prepared.conditions, None)?;
    let number = sql.bind(kind.number);
    let (since, start) = (sql.bind(since), sql.bind(start));
    let (lowest, highest) = (sql.bind(stood.start), sql.bind(stood.end.saturating_sub(1)));
    let limit = sql.bind(limit.max(0));
    let text = format!(
        "SELECT r.stamp FROM resource r{} WHERE r.domain = $1 AND r.type = {number} \
         AND r.deleted = 0 AND r.stamp > {since} AND r.key <= {start} \
         AND (SELECT max(h.stamp) FROM resource_history h \
              WHERE h.domain = $1 AND h.resource = r.key AND h.stamp <= {since}) \
             BETWEEN {lowest} AND {highest}{rest} \
         ORDER BY r.stamp LIMIT {limit}",
        sql.dialect().indexed_by("resource_stamp")
    );
    let stamps = sql.query(tx, &text)?;
    let stamps: Vec<i64> = stamps.iter().map(|row| row.int(0)).collect::<Result<_>>()?;
    by_stamps(tx, kind, &stamps)
}
