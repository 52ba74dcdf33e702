//! Orders that the trail does not have: places of events that were looked at,
//! compared in memory as the store compares resources.

use std::cmp::Ordering;

use koppeltaal_core::search::{IndexRow, SortBy, SortKey};
use koppeltaal_store::resource::search::{Cursor, CursorValue};

/// An event and its place in an order.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its value for each sort key.
    pub values: Vec<CursorValue>,
    /// Its key, which decides between equal values.
    pub key: i64,
}

/// The place of an event with these rows.
pub fn place_of(key: i64, id: &str, rows: &[IndexRow], sort: &[SortKey]) -> Place {
    let value = |by: &SortKey| match &by.by {
        SortBy::Updated => CursorValue::Stamp(key),
        SortBy::Id => CursorValue::Text(id.to_owned()),
        SortBy::Parameter(parameters) => {
            let of = rows.iter().filter(|row| parameters.contains(&row.parameter));
            let values = of.map(|row| row.value.as_str());
            let end = if by.is_descending { values.max() } else { values.min() };
            end.map_or(CursorValue::Missing, |value| CursorValue::Text(value.to_owned()))
        }
    };
    Place { values: sort.iter().map(value).collect(), key }
}

impl Place {
    /// Where a page ended, of an order with so many keys. The last value of the cursor
    /// is not one of them.
    pub fn at(cursor: &Cursor, keys: usize) -> Option<Self> {
        let values = cursor.values.get(..keys).filter(|_| cursor.values.len() == keys + 1)?;
        Some(Self { values: values.to_vec(), key: cursor.key })
    }

    /// Which of two comes first. What has no value is among the last either way.
    pub fn compare(&self, other: &Self, sort: &[SortKey]) -> Ordering {
        let pairs = self.values.iter().zip(&other.values).zip(sort);
        let differs = pairs.map(|((one, other), by)| {
            let turned = |order: Ordering| if by.is_descending { order.reverse() } else { order };
            match (one, other) {
                (CursorValue::Missing, CursorValue::Missing) => Ordering::Equal,
                (CursorValue::Missing, _) => Ordering::Greater,
                (_, CursorValue::Missing) => Ordering::Less,
                (CursorValue::Stamp(one), CursorValue::Stamp(other)) => turned(one.cmp(other)),
                (CursorValue::Text(one), CursorValue::Text(other)) => turned(one.cmp(other)),
                // A cursor of another order: whatever it gives ends somewhere.
                (CursorValue::Stamp(_), CursorValue::Text(_)) => Ordering::Less,
                (CursorValue::Text(_), CursorValue::Stamp(_)) => Ordering::Greater,
            }
        });
        let first = differs.into_iter().find(|order| order.is_ne());
        first.unwrap_or_else(|| self.key.cmp(&other.key))
    }
}
