//! Events: the rows of the trail that KT2 shows as AuditEvents.

use std::collections::HashMap;
use std::sync::Arc;

use koppeltaal_core::id::time_of_key;
use koppeltaal_core::{Error, Result, Timestamp};

use super::event_id::{event_id, key_of};
use super::month::{self, Month};
use super::shape;
use super::wanted::{OrderBy, Wanted};
use crate::args;
use crate::filter::Filter;
use crate::scope::DomainTx;
use crate::tx::Row;

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its number; its id follows from it where none was given.
    pub key: i64,
    /// When the request began that it records.
    pub recorded: Timestamp,
    /// `AuditEvent.recorded`.
    pub date: Timestamp,
    /// The number of its shape; 0 when no other event shares it.
    pub shape: i64,
    /// The shape.
    pub shape_json: Option<Arc<str>>,
    /// Members that the shape lacks, or that replace those of it.
    pub content: Option<String>,
    /// The focal resource, without version.
    pub focal: Option<String>,
    /// The version of the focal resource.
    pub version: Option<String>,
    /// A word more.
    pub detail: Option<String>,
    /// The id of its request.
    pub request_id: Option<String>,
    /// The id of its chain of requests.
    pub trace_id: Option<String>,
    /// The id of the request that its request follows from.
    pub correlation_id: Option<String>,
    /// An id that was given from outside.
    pub given_id: Option<String>,
}

impl EventRow {
    /// Its id as an AuditEvent.
    pub fn id(&self) -> String {
        self.given_id.clone().unwrap_or_else(|| event_id(self.key))
    }

    /// When it was written, in whole milliseconds (`meta.lastUpdated`).
    pub fn written(&self) -> Timestamp {
        time_of_key(self.key)
    }
}

/// What an event is read from, in the order of [`event_row`].
pub(super) const COLUMNS: &str = "id, recorded, date, shape, content, focal, version, detail, request_id, \
                       trace_id, correlation_id, given";
/// The place of `shape` among them.
pub(super) const SHAPE: usize = 3;

/// The events that are wanted.
pub fn events(tx: &mut DomainTx<'_>, wanted: &Wanted) -> Result<Vec<EventRow>> {
    let mut months = months_of(tx, wanted)?;
    if wanted.order.is_descending {
        months.reverse();
    }
    let mut found: Vec<EventRow> = Vec::new();
    let limit = usize::try_from(wanted.limit).unwrap_or(0);
    for month in months {
        if !can_add(&found, limit, wanted, month) {
            continue;
        }
        let (sql, filter) = wanted.select(tx.dialect(), month.number);
        for mut row in tx.query(&sql, filter.args())? {
            found.push(event_row(&mut row)?);
        }
    }
    let place = |row: &EventRow| match wanted.order.by {
        OrderBy::Date => (row.date.0, row.key),
        OrderBy::Key => (row.key, row.key),
    };
    found.sort_by_key(place);
    if wanted.order.is_descending {
        found.reverse();
    }
    found.truncate(limit);
    add_shapes(tx, found.iter_mut().collect())?;
    Ok(found)
}

/// Whether a month that comes later in the order can still have one of the first `limit`
/// events. Numbers rise from month to month; dates need not, but those of a month that
/// is closed are known.
fn can_add(found: &[EventRow], limit: usize, wanted: &Wanted, month: Month) -> bool {
    if found.len() < limit || limit == 0 {
        return true;
    }
    match wanted.order.by {
        OrderBy::Key => month.number == month::BEFORE,
        OrderBy::Date => {
            let mut dates: Vec<i64> = found.iter().map(|row| row.date.0).collect();
            dates.sort_unstable();
            let descends = wanted.order.is_descending;
            let last = if descends { found.len() - limit } else { limit - 1 };
            match dates.get(last) {
                None => true,
                Some(last) if descends => month.may_have(Some(*last), None),
                Some(last) => month.may_have(None, Some(last.saturating_add(1))),
            }
        }
    }
}

/// How many events are wanted, whatever the limit and the place where a page begins.
pub fn count_events(tx: &mut DomainTx<'_>, wanted: &Wanted) -> Result<i64> {
    let mut count = 0;
    for month in months_of(tx, wanted)? {
        let filter = wanted.conditions(tx.dialect(), month.number);
        let sql = format!(
            "SELECT count(*) FROM {} WHERE domain = $1 AND {}{}",
            month::table(month.number),
            wanted.is_event(),
            filter.sql()
        );
        count += tx.query_one(&sql, filter.args())?.unwrap_or_default().int(0)?;
    }
    Ok(count)
}

fn months_of(tx: &mut DomainTx<'_>, wanted: &Wanted) -> Result<Vec<Month>> {
    let mut months = month::months(tx.outside())?;
    months.retain(|month| wanted.may_be_in(*month));
    Ok(months)
}

/// The event with this id.
pub fn event(tx: &mut DomainTx<'_>, id: &str) -> Result<Option<EventRow>> {
    let key = key_of(id);
    for month in month::months(tx.outside())?.into_iter().rev() {
        let is_its_month =
            |key| month.number == month::BEFORE || month::month_of(key) == month.number;
        if key.is_some_and(|key| !is_its_month(key)) {
            continue;
        }
        let mut filter = Filter::default();
        match key {
            Some(key) => filter.and("given IS NULL AND id = ", key),
            None => filter.and("given = ", id),
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM {} WHERE domain = $1 AND shape IS NOT NULL{}",
            month::table(month.number),
            filter.sql()
        );
        if let Some(mut row) = tx.query_one(&sql, filter.args())? {
            let mut event = event_row(&mut row)?;
            add_shapes(tx, vec![&mut event])?;
            return Ok(Some(event));
        }
    }
    Ok(None)
}

/// What stays of an event that is removed: enough to tell that it was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// When.
    pub at: Timestamp,
    /// The place of the removal among all versions of the domain.
    pub stamp: i64,
    /// The Device that the event comes from.
    pub origin: String,
    /// The event, as its caller keeps it.
    pub content: String,
}

/// An event that was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// Its number.
    pub key: i64,
    /// What stays of it.
    pub removal: Removal,
}

/// Removes an event: for suites that clean up after themselves, where a domain for
/// tests allows it. A mark stays, so that its id is known to be gone and the seal of
/// the trail holds. False when there is no such event.
pub fn remove_event(tx: &mut DomainTx<'_>, id: &str, removal: &Removal) -> Result<bool> {
    let Some(row) = event(tx, id)? else { return Ok(false) };
    for month in month::months(tx.outside())? {
        if month.number != month::BEFORE && month::month_of(row.key) != month.number {
            continue;
        }
        let Some(digest) = super::canonical::digest_of(tx, month.number, row.key)? else {
            continue;
        };
        let table = month::table(month.number);
        let sql = format!("DELETE FROM {table} WHERE domain = $1 AND id = $2");
        tx.execute(&sql, args![row.key])?;
        let Removal { at, stamp, origin, content } = removal;
        tx.execute(
            "INSERT INTO audit_removed
               (domain, id, given, digest, removed, stamp, origin, content, month)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            args![
                row.key,
                &row.given_id,
                digest.as_slice(),
                *at,
                *stamp,
                origin,
                content,
                month.number
            ],
        )?;
    }
    Ok(true)
}

/// What stays of an event that was removed by [`remove_event`].
pub fn removed(tx: &mut DomainTx<'_>, id: &str) -> Result<Option<Removed>> {
    const SELECT: &str = "SELECT id, removed, stamp, origin, content FROM audit_removed
                          WHERE domain = $1 AND";
    let found = match key_of(id) {
        Some(key) => tx.query_one(&format!("{SELECT} id = $2 AND given IS NULL"), args![key])?,
        None => tx.query_one(&format!("{SELECT} given = $2"), args![id])?,
    };
    let removed = |mut row: Row| {
        let removal = Removal {
            at: Timestamp(row.int(1)?),
            stamp: row.int(2)?,
            origin: row.text(3)?,
            content: row.text(4)?,
        };
        Ok(Removed { key: row.int(0)?, removal })
    };
    found.map(removed).transpose()
}

pub(super) fn event_row(row: &mut Row) -> Result<EventRow> {
    Ok(EventRow {
        key: row.int(0)?,
        recorded: Timestamp(row.int(1)?),
        date: Timestamp(row.int(2)?),
        shape: row.int(3)?,
        shape_json: None,
        content: row.opt_text(4)?,
        focal: row.opt_text(5)?,
        version: row.opt_text(6)?,
        detail: row.opt_text(7)?,
        request_id: row.opt_text(8)?,
        trace_id: row.opt_text(9)?,
        correlation_id: row.opt_text(10)?,
        given_id: row.opt_text(11)?,
    })
}

/// Gives events their shapes.
pub(super) fn add_shapes(tx: &mut DomainTx<'_>, rows: Vec<&mut EventRow>) -> Result<()> {
    let mut known: HashMap<i64, Arc<str>> = HashMap::new();
    let mut numbers: Vec<i64> =
        rows.iter().map(|row| row.shape).filter(|number| *number != shape::OWN).collect();
    numbers.sort_unstable();
    numbers.dedup();
    // A list has its end: engines bound the parameters of a statement.
    for numbers in numbers.chunks(256) {
        let mut filter = Filter::default();
        filter.and_in("number", numbers.iter().copied());
        let sql =
            format!("SELECT number, shape FROM audit_shape WHERE domain = $1{}", filter.sql());
        for mut row in tx.query(&sql, filter.args())? {
            known.insert(row.int(0)?, row.text(1)?.into());
        }
    }
    for row in rows {
        if row.shape == shape::OWN {
            let stored = row.content.take().unwrap_or_default();
            let (content, shape) = shape::apart(&stored);
            row.shape_json = Some(shape.into());
            row.content = content.map(str::to_owned);
        } else {
            let shape = known.get(&row.shape).cloned();
            row.shape_json =
                Some(shape.ok_or_else(|| {
                    Error::Internal(format!("the trail has no shape {}", row.shape))
                })?);
        }
    }
    Ok(())
}
