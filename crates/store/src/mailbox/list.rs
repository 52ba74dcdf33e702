//! Messages as an operator lists them: one line for each copy.

use koppeltaal_core::event::Event;
use koppeltaal_core::id::first_key_at;
use koppeltaal_core::status::Status;
use koppeltaal_core::{Result, Timestamp};

use super::item::{COLUMNS, FROM, Item, from_row};
use super::key_of;
use crate::args;
use crate::filter::Filter;
use crate::scope::DomainTx;

/// Which copies.
#[derive(Debug, Clone, Default)]
pub struct ListingFilter {
    /// Of this instance.
    pub recipient: Option<i64>,
    /// In this status.
    pub status: Option<Status>,
    /// Of this event.
    pub event: Option<Event>,
    /// About this patient (URL without version).
    pub patient: Option<String>,
    /// Accepted at this moment or later.
    pub from: Option<Timestamp>,
    /// After this copy.
    pub after: Option<i64>,
}

/// A copy, with who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The copy.
    pub item: Item,
    /// The number of the sending instance; `None` for the server.
    pub sender: Option<i64>,
}

fn listing(row: crate::Row) -> Result<Listing> {
    let sender = row.opt_int(16)?;
    Ok(Listing { item: from_row(row)?, sender })
}

/// Copies of the domain, oldest first.
pub fn list(tx: &mut DomainTx<'_>, wanted: &ListingFilter, limit: i64) -> Result<Vec<Listing>> {
    let mut filter = Filter::default();
    if let Some(recipient) = wanted.recipient {
        filter.and("i.recipient = ", recipient);
    }
    if let Some(status) = wanted.status {
        filter.and("i.status = ", status.number());
    }
    if let Some(event) = wanted.event {
        filter.and("i.event = ", event.number());
    }
    if let Some(patient) = &wanted.patient {
        filter.and("i.patient_key = ", key_of(patient)).and("m.patient = ", patient);
    }
    let from = wanted.from.map_or(0, first_key_at).max(wanted.after.map_or(0, |id| id + 1));
    filter.and("i.id >= ", from);
    let limit = filter.bind(limit);
    let sql = format!(
        "SELECT {COLUMNS}, m.sender FROM {FROM} WHERE i.domain = $1{} ORDER BY i.id LIMIT {limit}",
        filter.sql()
    );
    tx.query(&sql, filter.args())?.into_iter().map(listing).collect()
}

/// The copy with this number.
pub fn find(tx: &mut DomainTx<'_>, id: i64) -> Result<Option<Listing>> {
    tx.query_one(
        &format!("SELECT {COLUMNS}, m.sender FROM {FROM} WHERE i.domain = $1 AND i.id = $2"),
        args![id],
    )?
    .map(listing)
    .transpose()
}
