//! Browsing the headers of the caller's mailbox, oldest first (spec 5.2).
//!
//! A page asked for by number is found by offset over a covering index; the
//! `next` link carries the last item besides the number, so that following it
//! neither loses nor repeats an item while the mailbox changes.

use koppeltaal_core::Result;
use koppeltaal_core::event::Event;
use koppeltaal_core::status::Status;

use super::item::{COLUMNS, Item, from_indexed, from_row};
use super::key_of;
use crate::filter::Filter;
use crate::scope::DomainTx;

/// Whose headers, and which.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Browse {
    /// The number of the instance.
    pub recipient: i64,
    /// Only of this event.
    pub event: Option<Event>,
    /// Only in this status.
    pub status: Option<Status>,
    /// Only about this patient (URL without version).
    pub patient: Option<String>,
    /// Also those whose body was removed.
    pub include_expired: bool,
}

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many items at most.
    pub count: i64,
    /// How many items to pass over, when `after` does not say.
    pub offset: i64,
    /// Items after this one.
    pub after: Option<i64>,
}

fn conditions(browse: &Browse) -> Filter<'_> {
    let mut filter = Filter::default();
    filter.and("i.recipient = ", browse.recipient);
    if browse.include_expired {
        filter.and_fixed("i.expired IN (0, 1)");
    } else {
        filter.and_fixed("i.expired = 0");
    }
    if let Some(event) = browse.event {
        filter.and("i.event = ", event.number());
    }
    if let Some(status) = browse.status {
        // In the text, because the partial index of what is New wants to see it.
        filter.and_fixed(&format!("i.status = {}", status.number()));
    }
    if let Some(patient) = &browse.patient {
        filter.and("i.patient_key = ", key_of(patient));
    }
    filter
}

/// The index that gives these items in order, with the fewest others.
fn index(browse: &Browse) -> &'static str {
    match browse {
        Browse { patient: Some(_), .. } => "kt1_item_patient",
        Browse { status: Some(Status::New), include_expired: false, event: None, .. } => {
            "kt1_item_new"
        }
        Browse { status: Some(Status::New), include_expired: false, .. } => "kt1_item_new_event",
        _ => "kt1_item_browse",
    }
}

/// A page of items, and whether more follow.
pub fn browse(tx: &mut DomainTx<'_>, browse: &Browse, page: Page) -> Result<(Vec<Item>, bool)> {
    let ids = ids_of(tx, browse, page)?;
    let more = ids.len() as i64 > page.count;
    let (Some(first), Some(last)) = (ids.first(), ids.iter().take(page.count as usize).next_back())
    else {
        return Ok((Vec::new(), false));
    };
    // The page is a range of ids: read it with one statement and keep those of
    // the page (others can lie in the range only by filter).
    let mut filter = conditions(browse);
    filter.and("i.id + 0 >= ", *first).and("i.id + 0 <= ", *last);
    if let Some(patient) = &browse.patient {
        filter.and("m.patient = ", patient);
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM {} WHERE i.domain = $1{} ORDER BY i.id + 0",
        from_indexed(tx.dialect(), index(browse)),
        filter.sql()
    );
    let items = tx.query(&sql, filter.args())?.into_iter().map(from_row).collect::<Result<_>>()?;
    Ok((items, more))
}

/// The ids of the page and one more, from the index alone.
fn ids_of(tx: &mut DomainTx<'_>, browse: &Browse, page: Page) -> Result<Vec<i64>> {
    let mut filter = conditions(browse);
    if let Some(after) = page.after {
        filter.and("i.id + 0 > ", after);
    }
    let limit = filter.bind(page.count + 1);
    let offset = if page.after.is_none() && page.offset > 0 {
        format!(" OFFSET {}", filter.bind(page.offset))
    } else {
        String::new()
    };
    let sql = format!(
        "SELECT i.id FROM kt1_item i{}
         WHERE i.domain = $1{} ORDER BY i.id + 0 LIMIT {limit}{offset}",
        tx.dialect().indexed_by(index(browse)),
        filter.sql()
    );
    tx.query(&sql, filter.args())?.iter().map(|row| row.int(0)).collect()
}

/// How many items there are, counted up to `most`.
pub fn count(tx: &mut DomainTx<'_>, browse: &Browse, most: i64) -> Result<i64> {
    let mut filter = conditions(browse);
    let most = filter.bind(most);
    let sql = format!(
        "SELECT COUNT(*) FROM
           (SELECT 1 FROM kt1_item i{} WHERE i.domain = $1{} LIMIT {most}) AS counted",
        tx.dialect().indexed_by(index(browse)),
        filter.sql()
    );
    tx.query_one(&sql, filter.args())?.unwrap_or_default().int(0)
}
