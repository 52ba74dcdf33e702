//! A search for events, as statements: the same conditions in each month.

use koppeltaal_core::id::first_key_at;
use koppeltaal_core::search::Span;

use super::event::COLUMNS;
use super::key::{Lookup, is_found};
use super::month::{self, Month};
use crate::filter::Filter;
use crate::tx::{Arg, Dialect};

/// Which events are wanted, and in which order. All conditions are to be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Of one of these shapes.
    pub shapes: Option<Vec<i64>>,
    /// `recorded` lies in one of the spans of each list.
    pub dates: Vec<Vec<Span>>,
    /// Written in one of the spans of each list (`_lastUpdated`).
    pub written: Vec<Vec<Span>>,
    /// Found by one of each list.
    pub lookups: Vec<Vec<Lookup>>,
    /// With one of these numbers.
    pub keys: Option<Vec<i64>>,
    /// In this order.
    pub order: Order,
    /// After the event with this date (by [`OrderBy::Date`]) or number, and this
    /// number.
    pub after: Option<(i64, i64)>,
    /// This many at most.
    pub limit: i64,
}

/// An order of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub by: OrderBy,
    /// The greatest first.
    pub is_descending: bool,
}

/// What events are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderBy {
    /// `recorded`, then the number.
    Date,
    /// The number: the order in which they were written.
    Key,
}

impl Wanted {
    /// Whether a month can have what is wanted.
    pub(super) fn may_be_in(&self, month: Month) -> bool {
        let of_dates = self.dates.iter().all(|spans| {
            spans.iter().any(|span| month.may_have(span.from.map(|t| t.0), span.until.map(|t| t.0)))
        });
        of_dates && self.numbers_may_be_in(month.number)
    }

    fn numbers_may_be_in(&self, month: i64) -> bool {
        if month == month::BEFORE {
            return true;
        }
        let keys = self.keys.as_ref();
        keys.is_none_or(|keys| keys.iter().any(|key| month::month_of(*key) == month))
            && self.written.iter().all(|spans| {
                spans.iter().any(|span| {
                    // A span may end with the first moment of a month.
                    span.from.is_none_or(|from| from.month() <= month)
                        && span.until.is_none_or(|until| until.month() >= month)
                })
            })
    }

    /// The conditions in a month, after `domain = $1 AND shape IS NOT NULL`.
    pub(super) fn conditions(&self, dialect: Dialect, month: i64) -> Filter<'_> {
        let mut filter = Filter::default();
        let Columns { id, date, shape } = self.columns();
        if let Some(shapes) = &self.shapes {
            filter.and_in(shape, shapes.iter().copied());
        }
        for spans in &self.dates {
            let spans = spans.iter().map(|span| (span.from.map(|t| t.0), span.until.map(|t| t.0)));
            any_span(&mut filter, date, spans);
        }
        for spans in &self.written {
            let key = |time: koppeltaal_core::Timestamp| first_key_at(ceil(time));
            any_span(&mut filter, id, spans.iter().map(|s| (s.from.map(key), s.until.map(key))));
        }
        if let Some(keys) = &self.keys {
            filter.and_in("id", keys.iter().copied());
        }
        let mut lists = Vec::with_capacity(self.lookups.len());
        for any in &self.lookups {
            let keys = filter.bind_list(any.iter().flat_map(|lookup| lookup.keys(month)));
            let Some(keys) = keys else {
                filter.and_fixed("1 = 0");
                return filter;
            };
            lists.push(keys);
        }
        if !lists.is_empty() {
            filter.and_fixed(&is_found(dialect, month, &lists));
        }
        for any in &self.lookups {
            // Where the whole text stands in the row, a hash that meets another does
            // no harm.
            let columns: Option<Vec<_>> = any.iter().map(Lookup::column).collect();
            if let Some(columns) = columns {
                let tests: Vec<String> = columns
                    .iter()
                    .map(|(column, text)| format!("{column} = {}", filter.bind(*text)))
                    .collect();
                filter.and_any(&tests);
            }
        }
        filter
    }

    /// Adds where a page begins.
    fn begin<'a>(&self, filter: &mut Filter<'a>) {
        let Some((first, key)) = self.after else { return };
        let sign = if self.order.is_descending { "<" } else { ">" };
        let Columns { id, date, .. } = self.columns();
        match self.order.by {
            OrderBy::Key => filter.and(&format!("{id} {sign} "), key),
            OrderBy::Date => {
                let first = filter.bind(first);
                let key = filter.bind(key);
                filter.and_fixed(&format!("({date}, {id}) {sign} ({first}, {key})"))
            }
        };
    }

    /// Whether what is wanted is looked up row by row.
    fn is_little(&self) -> bool {
        !self.lookups.is_empty() || self.keys.is_some()
    }

    /// What statements call the columns that events are told apart by. What is looked up
    /// is little: no engine is to be tempted to walk an index for it. Nor is one to leave the
    /// order of numbers for the index of dates.
    fn columns(&self) -> Columns {
        match (self.is_little(), self.order.by) {
            (true, _) => Columns { id: "id + 0", date: "date + 0", shape: "coalesce(shape, -1)" },
            (false, OrderBy::Key) => {
                Columns { id: "id", date: "date + 0", shape: "coalesce(shape, -1)" }
            }
            (false, OrderBy::Date) => Columns { id: "id", date: "date", shape: "shape" },
        }
    }

    /// The statement for a page of a month. Dates and shapes stand in an index; SQLite
    /// has to be told to walk it by itself, and to read from the table only what is on
    /// the page.
    pub(super) fn select(&self, dialect: Dialect, month: i64) -> (String, Filter<'_>) {
        let mut filter = self.conditions(dialect, month);
        self.begin(&mut filter);
        let most = filter.bind(self.limit);
        let (table, order) = (month::table(month), self.order_by());
        let rows = format!(
            "FROM {table} WHERE domain = $1 AND {}{} ORDER BY {order} LIMIT {most}",
            self.is_event(),
            filter.sql()
        );
        let sql = match self.order.by {
            OrderBy::Date if dialect == Dialect::Sqlite && !self.is_little() => format!(
                "SELECT {COLUMNS} FROM {table} WHERE domain = $1 AND id IN (SELECT id {rows})"
            ),
            _ => format!("SELECT {COLUMNS} {rows}"),
        };
        (sql, filter)
    }

    /// Which rows are events. PostgreSQL takes the index of dates for whatever says so in the
    /// index's own words.
    pub(super) fn is_event(&self) -> &'static str {
        match (self.is_little(), self.order.by) {
            (false, OrderBy::Date) => "shape IS NOT NULL",
            _ => "coalesce(shape, -1) >= 0",
        }
    }

    /// What follows `ORDER BY`.
    fn order_by(&self) -> String {
        let way = if self.order.is_descending { "DESC" } else { "ASC" };
        let Columns { id, date, .. } = self.columns();
        match self.order.by {
            OrderBy::Key => format!("{id} {way}"),
            OrderBy::Date => format!("{date} {way}, id {way}"),
        }
    }
}

/// Columns, as statements write them.
struct Columns {
    id: &'static str,
    date: &'static str,
    shape: &'static str,
}

/// Numbers know whole milliseconds.
fn ceil(time: koppeltaal_core::Timestamp) -> koppeltaal_core::Timestamp {
    koppeltaal_core::Timestamp(time.0.saturating_add(999).div_euclid(1000).saturating_mul(1000))
}

fn any_span<'a>(
    filter: &mut Filter<'a>,
    column: &str,
    spans: impl Iterator<Item = (Option<i64>, Option<i64>)>,
) {
    let tests: Vec<String> = spans
        .map(|(from, until)| {
            let mut parts = Vec::new();
            if let Some(from) = from {
                parts.push(format!("{column} >= {}", filter.bind(Arg::Int(from))));
            }
            if let Some(until) = until {
                parts.push(format!("{column} < {}", filter.bind(Arg::Int(until))));
            }
            if parts.is_empty() { "1 = 1".to_owned() } else { parts.join(" AND ") }
        })
        .collect();
    filter.and_any(&tests);
}
