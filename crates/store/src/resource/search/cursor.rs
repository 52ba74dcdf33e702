//! Where a page ended, so that the next begins after it whatever has changed in
//! between: the sort values of the last result and its key.

use serde::{Deserialize, Serialize};

/// The place of a result in an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Its value for each sort key: of a search by time its stamp alone.
    pub values: Vec<CursorValue>,
    /// The key of the resource, which decides between equal values.
    pub key: i64,
}

/// A value that is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CursorValue {
    /// The resource has none, so it is among the last.
    Missing,
    /// A stamp.
    Stamp(i64),
    /// A searchable value, or an id.
    Text(String),
}

impl Cursor {
    /// The stamp of the last result of a search by time.
    pub fn stamp(&self) -> Option<i64> {
        match self.values.first() {
            Some(CursorValue::Stamp(stamp)) => Some(*stamp),
            _ => None,
        }
    }
}
