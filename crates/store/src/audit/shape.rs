//! Shapes: what many AuditEvents of a domain have in common is stored once, and an
//! event names it by a number.

use std::sync::Arc;

use koppeltaal_core::Result;
use koppeltaal_core::audit::EventBody;
use sha2::{Digest, Sha256};

use super::month;
use super::trail::Trail;
use crate::scope::DomainTx;
use crate::tx::{ColumnType, OnConflict, Table};
use crate::{args, row};

/// The most shapes of a domain. Its own requests have some for each application;
/// an application that reports an event of another shape each time comes to this.
const MOST: i64 = 20_000;

/// The number of an event that holds its own shape.
pub const OWN: i64 = 0;

const TABLE: Table = Table {
    name: "audit_shape",
    columns: &[
        ("domain", ColumnType::Int),
        ("number", ColumnType::Int),
        ("digest", ColumnType::Bytes),
        ("shape", ColumnType::Text),
    ],
    key: &["domain", "number"],
    // Of two that add one at once, the second looks again.
    on_conflict: OnConflict::Retry,
};

/// What AuditEvents have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Its number in its domain, from 1. A shape never changes.
    pub number: i64,
    /// The shape.
    pub json: Arc<str>,
}

/// The number of an event's shape, and its content as it is stored.
pub(super) fn intern(
    tx: &mut DomainTx<'_>,
    trail: &Trail,
    event: &EventBody,
) -> Result<(i64, Option<String>)> {
    let domain = tx.domain();
    if let Some(number) = trail.number(domain, &event.shape) {
        return Ok((number, event.content.clone()));
    }
    let digest = digest(&event.shape);
    let sql = "SELECT number FROM audit_shape WHERE domain = $1 AND digest = $2";
    let number = match tx.query_one(sql, args![digest.as_slice()])? {
        Some(row) => row.int(0)?,
        None => {
            let sql = "SELECT coalesce(max(number), 0) FROM audit_shape WHERE domain = $1";
            let last = tx.query_one(sql, &[])?.unwrap_or_default().int(0)?;
            if last >= MOST {
                let content = event.content.as_deref().unwrap_or_default();
                return Ok((OWN, Some(format!("{}:{content}{}", content.len(), event.shape))));
            }
            let row = row![domain, last + 1, digest.to_vec(), &*event.shape];
            tx.insert_many(&TABLE, &[row])?;
            last + 1
        }
    };
    trail.remember_shape(tx.outside(), domain, event.shape.clone(), number);
    Ok((number, event.content.clone()))
}

/// Content and shape of an event that holds its own shape.
pub(super) fn apart(stored: &str) -> (Option<&str>, &str) {
    let parts = stored.split_once(':').and_then(|(length, rest)| {
        let (content, shape) = rest.split_at_checked(length.parse().ok()?)?;
        Some(((!content.is_empty()).then_some(content), shape))
    });
    parts.unwrap_or((None, stored))
}

pub(super) fn digest(shape: &str) -> [u8; 32] {
    Sha256::digest(shape).into()
}

/// Whether events of the domain may hold their own shapes, given how many it has: the
/// domain had too many once, or they were recorded before there were shapes.
pub fn may_hold_own_shapes(tx: &mut DomainTx<'_>, shapes: usize) -> Result<bool> {
    if i64::try_from(shapes).is_ok_and(|shapes| shapes >= MOST) {
        return Ok(true);
    }
    // What was recorded then is little: only authentication had events.
    let months = month::months(tx.outside())?;
    if months.iter().all(|month| month.number != month::BEFORE) {
        return Ok(false);
    }
    let sql = format!(
        "SELECT 1 FROM {} WHERE domain = $1 AND shape = {OWN} LIMIT 1",
        month::table(month::BEFORE)
    );
    Ok(tx.query_one(&sql, &[])?.is_some())
}

/// Every shape of the domain, in the order of their numbers.
pub fn shapes(tx: &mut DomainTx<'_>) -> Result<Vec<Shape>> {
    shapes_after(tx, 0)
}

/// The shapes that came after this number. They become visible in the order of
/// their numbers.
pub fn shapes_after(tx: &mut DomainTx<'_>, number: i64) -> Result<Vec<Shape>> {
    let sql = "SELECT number, shape FROM audit_shape
               WHERE domain = $1 AND number > $2 ORDER BY number";
    let rows = tx.query(sql, args![number])?;
    rows.into_iter()
        .map(|mut row| Ok(Shape { number: row.int(0)?, json: row.text(1)?.into() }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_with_its_own_shape_is_taken_apart_again() {
        assert_eq!(apart("2:{}{\"a\":1}"), (Some("{}"), "{\"a\":1}"));
        assert_eq!(apart("0:{\"a\":1}"), (None, "{\"a\":1}"));
        for odd in ["", "7:{}", "x:{}", "{}", "1:é"] {
            assert_eq!(apart(odd), (None, odd));
        }
    }
}
