//! The notifications of a chain of requests, for those who follow it.

use koppeltaal_core::Result;

use super::list::{ATTEMPT_COLUMNS, COLUMNS, Notification, attach, notification};
use crate::args;
use crate::scope::DomainTx;

/// Rest-hooks that requests with this trace id caused, with their attempts, oldest first,
/// at most `limit`.
pub fn of_trace(tx: &mut DomainTx<'_>, trace_id: &str, limit: i64) -> Result<Vec<Notification>> {
    const PAGE: &str = "FROM outbox WHERE domain = $1 AND trace_id = $2 \
                        ORDER BY id LIMIT $3";
    let rows = tx.query(&format!("SELECT {COLUMNS} {PAGE}"), args![trace_id, limit])?;
    let mut found: Vec<Notification> = rows.into_iter().map(notification).collect::<Result<_>>()?;
    let attempts = tx.query(
        &format!(
            "SELECT {ATTEMPT_COLUMNS} FROM attempt WHERE domain = $1
             AND notification IN (SELECT id {PAGE}) ORDER BY notification, number"
        ),
        args![trace_id, limit],
    )?;
    attach(&mut found, attempts)?;
    Ok(found)
}
