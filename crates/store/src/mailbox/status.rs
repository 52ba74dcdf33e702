//! PUT of a ProcessingStatus by the recipient, and the operator's requeue and
//! fail (spec 5.4).

use koppeltaal_core::audit::Entry;
use koppeltaal_core::retention::{Limits, Rule};
use koppeltaal_core::status::{self, Status};
use koppeltaal_core::{Result, Timestamp};

use super::claim::recorded;
use super::item::{COLUMNS, FROM, Item, from_row};
use super::retention::{expire, mark_retrieved};
use crate::ids::Ids;
use crate::scope::DomainTx;
use crate::{args, audit};

/// Which status an item is to get.
#[derive(Debug, Clone)]
pub struct PutRequest {
    /// The integer of the copy.
    pub item: i64,
    /// The number of the instance that asks; `None` for an operator.
    pub recipient: Option<i64>,
    /// Only when it is about this patient (URL without version); another is unknown.
    pub patient: Option<String>,
    /// The status asked for.
    pub status: Status,
    /// What the recipient says about a failure.
    pub exception: Option<String>,
    /// When a claim made by this request ends by itself.
    pub claim_until: Timestamp,
    /// The row that records it (filled in here).
    pub audit: Entry,
}

/// What became of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// The item as it is now; `changed` is false when the request was accepted
    /// without effect.
    Done {
        /// The item.
        item: Box<Item>,
        /// Whether anything changed.
        changed: bool,
    },
    /// There is no such item in the domain.
    Unknown,
    /// It is another instance's item.
    NotRecipient,
}

/// Sets the status of an item. `rule` tells the retention of an event, so that
/// without grace the body goes in the same transaction.
pub fn put(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    now: Timestamp,
    request: &PutRequest,
    limits: Limits,
    rule: &dyn Fn(koppeltaal_core::event::Event) -> Rule,
) -> Result<Put> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE i.domain = $1 AND i.id = $2{}",
        tx.dialect().for_update_of_i()
    );
    let Some(row) = tx.query_one(&sql, args![request.item])? else { return Ok(Put::Unknown) };
    let mut item = from_row(row)?;
    if request.recipient.is_some_and(|recipient| recipient != item.recipient) {
        return Ok(Put::NotRecipient);
    }
    if request.patient.is_some() && request.patient != item.patient {
        return Ok(Put::Unknown);
    }
    let Some(change) = status::put(item.status, item.claims, request.status) else {
        audit::append(tx, ids, &[recorded(&request.audit, &item)])?;
        return Ok(Put::Done { item: Box::new(item), changed: false });
    };
    item.status = change.to;
    item.claims = change.claims;
    item.changed = now;
    item.stamp = ids.stamp(now, Some(item.stamp));
    item.exception = (change.to == Status::Failed).then(|| request.exception.clone()).flatten();
    let claim_until = (change.to == Status::Claimed).then_some(request.claim_until.0);
    tx.later(
        "UPDATE kt1_item
         SET status = $3, claims = $4, claim_until = $5, changed = $6, stamp = $7, exception = $8
         WHERE domain = $1 AND id = $2",
        args![
            item.id,
            change.to.number(),
            change.claims,
            claim_until,
            now,
            item.stamp.0,
            &item.exception
        ],
    )?;
    audit::append(tx, ids, &[recorded(&request.audit, &item)])?;
    if change.to.is_retrieved() {
        mark_retrieved(tx, item.message, now)?;
        if limits.grace.is_zero() && rule(item.event).goes_after_success(now, limits, now) {
            item.expired = expire_when_retrieved(tx, item.message, now)?;
        }
    }
    Ok(Put::Done { item: Box::new(item), changed: true })
}

fn expire_when_retrieved(tx: &mut DomainTx<'_>, message: i64, now: Timestamp) -> Result<bool> {
    let retrieved = tx.query_one(
        "SELECT 1 FROM kt1_message
         WHERE domain = $1 AND id = $2 AND retrieved IS NOT NULL AND expired IS NULL",
        args![message],
    )?;
    if retrieved.is_some() {
        expire(tx, message, now)?;
    }
    Ok(retrieved.is_some())
}
