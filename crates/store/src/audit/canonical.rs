//! The bytes of a row that its seal covers: every field with its length, and the
//! digest of its shape in the place of the shape's number.

use std::collections::{BTreeMap, HashMap};

use koppeltaal_core::Result;
use sha2::{Digest, Sha256};

use super::append::COLUMNS;
use super::{month, shape};
use crate::args;
use crate::scope::DomainTx;
use crate::tx::{Row, Value};

/// The digest of a row.
pub(super) type RowDigest = [u8; 32];

/// The place of `shape` among the columns.
const SHAPE: usize = 17;

/// Digests of the shapes of a domain, by number.
pub(super) type ShapeDigests = HashMap<i64, [u8; 32]>;

/// Every column of a month's table, in the order that the digest takes them in.
pub(super) fn columns() -> String {
    let names: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// The digest of a row with the columns of [`columns`]. A shape that is missing
/// counts as empty.
pub(super) fn digest(row: &Row, shapes: &ShapeDigests) -> RowDigest {
    let mut hash = Sha256::new();
    for (place, value) in row.0.iter().enumerate() {
        match value {
            Value::Null => hash.update([0]),
            Value::Int(number) if place == SHAPE && *number != shape::OWN => {
                hash.update([4]);
                hash.update(shapes.get(number).unwrap_or(&[0; 32]));
            }
            Value::Int(number) => {
                hash.update([1]);
                hash.update(number.to_be_bytes());
            }
            Value::Text(text) => long(&mut hash, 2, text.as_bytes()),
            Value::Bytes(bytes) => long(&mut hash, 3, bytes),
        }
    }
    hash.finalize().into()
}

fn long(hash: &mut Sha256, kind: u8, bytes: &[u8]) {
    hash.update([kind]);
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

/// The digests of the shapes with numbers above this one, as they stand there now.
pub(super) fn shape_digests(tx: &mut DomainTx<'_>, above: i64) -> Result<ShapeDigests> {
    let shapes = shape::shapes_after(tx, above)?;
    Ok(shapes.iter().map(|shape| (shape.number, shape::digest(&shape.json))).collect())
}

/// Rows of a month after the first of these numbers, up to the second, in order.
pub(super) fn rows(
    tx: &mut DomainTx<'_>,
    month: i64,
    (after, until): (i64, i64),
    limit: i64,
) -> Result<Vec<Row>> {
    let sql = format!(
        "SELECT {} FROM {} WHERE domain = $1 AND id > $2 AND id <= $3 ORDER BY id LIMIT $4",
        columns(),
        month::table(month)
    );
    tx.query(&sql, args![after, until, limit])
}

/// The digest of one row, if it is there.
pub(super) fn digest_of(tx: &mut DomainTx<'_>, month: i64, id: i64) -> Result<Option<RowDigest>> {
    let sql =
        format!("SELECT {} FROM {} WHERE domain = $1 AND id = $2", columns(), month::table(month));
    let Some(row) = tx.query_one(&sql, args![id])? else { return Ok(None) };
    let shapes = shape_digests(tx, 0)?;
    Ok(Some(digest(&row, &shapes)))
}

/// What stands for the rows of a month that were removed one by one, after the first of these
/// numbers and up to the second.
pub(super) fn marks(
    tx: &mut DomainTx<'_>,
    month: i64,
    (after, until): (i64, i64),
) -> Result<BTreeMap<i64, RowDigest>> {
    let sql = "SELECT id, digest FROM audit_removed
               WHERE domain = $1 AND id > $2 AND id <= $3 AND month = $4";
    let mut marks = BTreeMap::new();
    for mut row in tx.query(sql, args![after, until, month])? {
        // What is no digest stands for nothing.
        if let Ok(digest) = row.bytes(1)?.try_into() {
            marks.insert(row.int(0)?, digest);
        }
    }
    Ok(marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_the_shape_is_known() {
        assert_eq!(COLUMNS[SHAPE].0, "shape");
    }
}
