//! Notifications of Koppeltaal 2.0, in the transaction of the version that they tell
//! of: each is in the lane of its subscription.

use koppeltaal_core::notification::State;
use koppeltaal_core::{Result, Timestamp};

use super::list::Generation;
use crate::scope::DomainTx;
use crate::tx::{ColumnType, OnConflict, Row, Table};
use crate::{args, row};

const TABLE: Table = Table {
    name: "outbox",
    columns: &[
        ("domain", ColumnType::Int),
        ("id", ColumnType::Int),
        ("generation", ColumnType::Int),
        ("instance", ColumnType::Int),
        ("item", ColumnType::Int),
        ("identifier", ColumnType::Text),
        ("state", ColumnType::Int),
        ("failed", ColumnType::Int),
        ("attempts", ColumnType::Int),
        ("rounds", ColumnType::Int),
        ("next_attempt", ColumnType::Int),
        ("due", ColumnType::Int),
        ("created", ColumnType::Int),
        ("lane", ColumnType::Int),
        ("request_id", ColumnType::Text),
        ("trace_id", ColumnType::Text),
        ("requester", ColumnType::Text),
    ],
    key: &["domain", "id"],
    on_conflict: OnConflict::Retry,
};

/// The state of a subscription whose notifications are sent.
const ACTIVE: i64 = 1;

/// A version that the owner of a subscription is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// A key of its own.
    pub id: i64,
    /// The number of the instance that is told; 0 when it is not known.
    pub instance: i64,
    /// The key of the subscription.
    pub lane: i64,
    /// The version: `Task/x/_history/3`.
    pub resource: String,
    /// The request that made it.
    pub request_id: Option<String>,
    /// The chain of requests that it belongs to.
    pub trace_id: Option<String>,
    /// The id of the Device of whoever made it.
    pub requester: Option<String>,
    /// Whether the subscription has failed: then it is kept, unless another one is.
    pub is_kept: bool,
}

/// Adds notifications; the first attempt of each is due at once. After the commit
/// the delivery wants a wake.
pub fn hook(tx: &mut DomainTx<'_>, hooks: &[Hook], now: Timestamp) -> Result<()> {
    let (kept, mut sent): (Vec<&Hook>, Vec<&Hook>) = hooks.iter().partition(|hook| hook.is_kept);
    for hook in kept {
        // Its owner may have made it active since it was looked at.
        match is_active(tx, hook.lane)? {
            true => sent.push(hook),
            false => keep(tx, hook, now)?,
        }
    }
    if sent.is_empty() {
        return Ok(());
    }
    let domain = tx.domain();
    let rows: Vec<Row> = sent
        .into_iter()
        .map(|hook| {
            row![
                domain,
                hook.id,
                Generation::Kt2.number(),
                hook.instance,
                hook.id,
                hook.resource.as_str(),
                State::Pending.number(),
                0_i64,
                0_i64,
                0_i64,
                now,
                now,
                now,
                hook.lane,
                hook.request_id.as_deref(),
                hook.trace_id.as_deref(),
                hook.requester.as_deref()
            ]
        })
        .collect();
    tx.insert_many(&TABLE, &rows)
}

/// Whether a subscription is active; nobody changes that before the transaction ends.
fn is_active(tx: &mut DomainTx<'_>, lane: i64) -> Result<bool> {
    let lock = tx.dialect().for_share();
    let sql = format!("SELECT state FROM subscription WHERE domain = $1 AND key = $2{lock}");
    let row = tx.query_one(&sql, args![lane])?;
    Ok(row.map(|row| row.int(0)).transpose()? == Some(ACTIVE))
}

/// Keeps one for the day on which the subscription works again, besides what it missed
/// before. Another that was never tried says the same: there is something to be read. It
/// would be the newest.
fn keep(tx: &mut DomainTx<'_>, hook: &Hook, now: Timestamp) -> Result<()> {
    let index = tx.dialect().indexed_by("outbox_dead_lane");
    let sql = format!(
        "INSERT INTO outbox (domain, id, generation, instance, item, identifier, state, failed,
                             attempts, rounds, next_attempt, due, created, lane, request_id,
                             trace_id, requester)
         SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT),
                CAST($2 AS BIGINT), CAST($5 AS TEXT), 2, 0, 0, 0, CAST($6 AS BIGINT),
                CAST($6 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS TEXT),
                CAST($9 AS TEXT), CAST($10 AS TEXT)
         WHERE NOT EXISTS
           (SELECT 1 FROM
              (SELECT attempts FROM outbox{index}
               WHERE domain = $1 AND lane = $7 AND lane > 0 AND state = 2
               ORDER BY id DESC LIMIT 1) AS newest
            WHERE newest.attempts = 0)"
    );
    tx.later(
        &sql,
        args![
            hook.id,
            Generation::Kt2.number(),
            hook.instance,
            &hook.resource,
            now,
            hook.lane,
            &hook.request_id,
            &hook.trace_id,
            &hook.requester
        ],
    )
}
