//! GetNextNewAndClaim: the oldest New item of the caller becomes Claimed, and
//! no two callers ever get the same one (spec 5.1).

use koppeltaal_core::audit::Entry;
use koppeltaal_core::event::Event;
use koppeltaal_core::{Result, Timestamp};

use super::item::{Body, COLUMNS, Item, from_indexed, from_row};
use super::{key_of, lapse, read};
use crate::filter::Filter;
use crate::ids::Ids;
use crate::scope::DomainTx;
use crate::tx::Row;
use crate::{args, audit};

/// Whose item is claimed, and which.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The number of the claiming instance.
    pub recipient: i64,
    /// Only of this event.
    pub event: Option<Event>,
    /// Only about this patient (URL without version).
    pub patient: Option<String>,
    /// Also items whose body was removed.
    pub include_expired: bool,
    /// When the claim ends by itself.
    pub until: Timestamp,
    /// The row that records it (filled in here).
    pub audit: Entry,
}

/// A claimed item with its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The item, Claimed.
    pub item: Item,
    /// Its body; `None` when it was removed.
    pub body: Option<Body>,
}

/// Whether a claim would find something: an item that waits, or a claim that
/// has timed out, whoever it is about. Answers polls without disturbing the writer.
pub fn has_claimable(
    tx: &mut DomainTx<'_>,
    recipient: i64,
    patient: Option<&str>,
    include_expired: bool,
    now: Timestamp,
) -> Result<bool> {
    for expired in [0, 1].into_iter().take(1 + usize::from(include_expired)) {
        let mut filter = Filter::default();
        filter.and("recipient = ", recipient).and_fixed("status = 0");
        filter.and_fixed(&format!("expired = {expired}"));
        if let Some(patient) = patient {
            filter.and("patient_key = ", key_of(patient));
        }
        let index = match (expired, patient) {
            (0, None) => "kt1_item_new",
            (0, Some(_)) => "kt1_item_new_patient",
            (_, None) => "kt1_item_browse",
            (_, Some(_)) => "kt1_item_patient",
        };
        let sql = format!(
            "SELECT 1 FROM kt1_item{} WHERE domain = $1{} LIMIT 1",
            tx.dialect().indexed_by(index),
            filter.sql()
        );
        if tx.query_one(&sql, filter.args())?.is_some() {
            return Ok(true);
        }
    }
    let sql = format!(
        "SELECT 1 FROM kt1_item{}
         WHERE domain = $1 AND status = 1 AND claim_until <= $3 AND recipient = $2 LIMIT 1",
        tx.dialect().indexed_by("kt1_item_claimed")
    );
    let lapsed = tx.query_one(&sql, args![recipient, now])?;
    Ok(lapsed.is_some())
}

/// Claims the oldest item that fits.
pub fn claim(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    now: Timestamp,
    claim: &Claim,
) -> Result<Option<Claimed>> {
    lapse(tx, ids, now, Some(claim.recipient))?;
    let Some(row) = oldest(tx, claim)? else { return Ok(None) };
    let mut item = from_row(row)?;
    item.status = koppeltaal_core::status::Status::Claimed;
    item.claims += 1;
    item.changed = now;
    item.stamp = ids.stamp(now, Some(item.stamp));
    tx.later(
        "UPDATE kt1_item SET status = 1, claims = $3, claim_until = $4, changed = $5, stamp = $6
         WHERE domain = $1 AND id = $2",
        args![item.id, item.claims, claim.until, now, item.stamp.0],
    )?;
    audit::append(tx, ids, &[recorded(&claim.audit, &item)])?;
    let body = read::body(tx, item.message)?;
    Ok(Some(Claimed { item, body }))
}

/// The audit row of something done to an item.
pub(super) fn recorded(entry: &Entry, item: &Item) -> Entry {
    Entry {
        event: Some(item.event),
        patient: item.patient.clone(),
        focal: Some(item.focal.clone()),
        version: Some(item.focal_version.clone()),
        item: Some(item.id),
        outcome: item.status.code().to_owned(),
        ..entry.clone()
    }
}

fn oldest(tx: &mut DomainTx<'_>, claim: &Claim) -> Result<Option<Row>> {
    let mut filter = Filter::default();
    filter.and("i.recipient = ", claim.recipient);
    filter.and_fixed("i.status = 0");
    if !claim.include_expired {
        filter.and_fixed("i.expired = 0");
    }
    if let Some(event) = claim.event {
        filter.and("i.event = ", event.number());
    }
    if let Some(patient) = &claim.patient {
        filter.and("i.patient_key = ", key_of(patient)).and("m.patient = ", patient);
    }
    let index = match claim {
        Claim { patient: Some(_), include_expired: false, .. } => "kt1_item_new_patient",
        Claim { patient: Some(_), .. } => "kt1_item_patient",
        Claim { include_expired: true, .. } => "kt1_item_browse",
        Claim { event: Some(_), .. } => "kt1_item_new_event",
        _ => "kt1_item_new",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM {} WHERE i.domain = $1{} ORDER BY i.id + 0 LIMIT 1{}",
        from_indexed(tx.dialect(), index),
        filter.sql(),
        tx.dialect().for_update_of_i_skip_locked()
    );
    tx.query_one(&sql, filter.args())
}
