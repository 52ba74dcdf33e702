//! Claims that timed out: the item returns to New, or its retries are spent
//! (spec 5.3).

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::status::back_to_new;
use koppeltaal_core::{Result, Timestamp};

use super::claim::recorded;
use super::item::{COLUMNS, from_indexed, from_row};
use crate::filter::Filter;
use crate::ids::Ids;
use crate::scope::DomainTx;
use crate::{args, audit};

/// How many claims one transaction ends, so that it stays short.
const AT_ONCE: i64 = 200;

/// How many claims ended, by where they went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lapse {
    /// Items that wait again.
    pub renewed: usize,
    /// Items whose retries are spent.
    pub exceeded: usize,
}

/// Whether any claim of the domain has timed out.
pub fn has_lapsed(tx: &mut DomainTx<'_>, now: Timestamp) -> Result<bool> {
    let sql = format!(
        "SELECT 1 FROM kt1_item{}
         WHERE domain = $1 AND status = 1 AND claim_until <= $2 LIMIT 1",
        tx.dialect().indexed_by("kt1_item_claimed")
    );
    Ok(tx.query_one(&sql, args![now])?.is_some())
}

/// Ends the claims of the domain (or of one recipient) that timed out.
pub fn lapse(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    now: Timestamp,
    recipient: Option<i64>,
) -> Result<Lapse> {
    let mut filter = Filter::default();
    filter.and_fixed("i.status = 1").and("i.claim_until <= ", now);
    if let Some(recipient) = recipient {
        filter.and("i.recipient = ", recipient);
    }
    let limit = filter.bind(AT_ONCE);
    let sql = format!(
        "SELECT {COLUMNS} FROM {} WHERE i.domain = $1{} ORDER BY i.claim_until LIMIT {limit}{}",
        from_indexed(tx.dialect(), "kt1_item_claimed"),
        filter.sql(),
        tx.dialect().for_update_of_i_skip_locked()
    );
    let rows = tx.query(&sql, filter.args())?;
    let mut lapse = Lapse::default();
    for row in rows {
        let mut item = from_row(row)?;
        let change = back_to_new(item.claims);
        item.status = change.to;
        let stamp = ids.stamp(now, Some(item.stamp));
        tx.later(
            "UPDATE kt1_item SET status = $3, claim_until = NULL, changed = $4, stamp = $5
             WHERE domain = $1 AND id = $2",
            args![item.id, change.to.number(), now, stamp.0],
        )?;
        audit::append(tx, ids, &[recorded(&Entry::new(Action::Lapse, now, "server"), &item)])?;
        if change.to == koppeltaal_core::status::Status::New {
            lapse.renewed += 1;
        } else {
            lapse.exceeded += 1;
        }
    }
    Ok(lapse)
}
