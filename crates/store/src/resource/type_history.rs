//! history of a type: the versions of all of its resources, newest first, a page
//! at a time.

use koppeltaal_core::id::first_key_at;
use koppeltaal_core::resource::Body;
use koppeltaal_core::{Result, Timestamp};

use super::{Kind, Stored, kind};
use crate::filter::Filter;
use crate::scope::DomainTx;
use crate::tx::Row;

/// Where versions are, in the query `v`.
struct Place {
    table: &'static str,
    /// The index that walks them by stamp.
    index: &'static str,
    condition: &'static str,
    /// What their resource is called, and how the query gets to it.
    resource: &'static str,
    join: &'static str,
}

const PLACES: [Place; 3] = [
    Place {
        table: "resource",
        index: "resource_stamp",
        condition: "v.deleted = 0",
        resource: "v",
        join: "",
    },
    Place {
        table: "resource",
        index: "resource_deleted",
        condition: "v.deleted = 1",
        resource: "v",
        join: "",
    },
    Place {
        table: "resource_history",
        index: "resource_history_stamp",
        condition: "1 = 1",
        resource: "r",
        join: " CROSS JOIN resource r",
    },
];

impl Place {
    /// `FROM` and `WHERE` of a query.
    fn clauses(&self, tx: &DomainTx<'_>, needs_resource: bool, filter: &Filter<'_>) -> String {
        let (join, joined) = match (self.join, needs_resource) {
            ("", _) | (_, false) => ("", ""),
            (join, true) => (join, " AND r.domain = $1 AND r.key = v.resource"),
        };
        format!(
            "FROM {} v{}{join} WHERE v.domain = $1 AND {}{joined}{}",
            self.table,
            tx.dialect().indexed_by(self.index),
            self.condition,
            filter.sql()
        )
    }
}

/// At most `limit` versions of resources of this type, deletions too: those of
/// the Devices `origins` (of all when absent), with a stamp below `before` (from
/// the newest on when absent), made at `since` or later.
pub fn type_history(
    tx: &mut DomainTx<'_>,
    resource_type: &str,
    origins: Option<&[String]>,
    before: Option<i64>,
    since: Option<Timestamp>,
    limit: i64,
) -> Result<Vec<Stored>> {
    let Some(kind) = kind(resource_type) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for place in &PLACES {
        let mut filter = conditions(place, kind, origins, before, since);
        let limit = filter.bind(limit.max(0));
        let sql = format!(
            "SELECT {r}.key, {r}.id, {r}.origin, v.stamp, v.version, v.updated, v.deleted, v.body
             {} ORDER BY v.stamp DESC LIMIT {limit}",
            place.clauses(tx, true, &filter),
            r = place.resource
        );
        for row in tx.query(&sql, filter.args())? {
            found.push(version(kind, row)?);
        }
    }
    found.sort_unstable_by_key(|version| std::cmp::Reverse(version.stamp));
    found.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(found)
}

/// How many versions [`type_history`] gives in all, from the newest on.
pub fn type_history_count(
    tx: &mut DomainTx<'_>,
    resource_type: &str,
    origins: Option<&[String]>,
    since: Option<Timestamp>,
) -> Result<i64> {
    let Some(kind) = kind(resource_type) else { return Ok(0) };
    let mut count = 0;
    for place in &PLACES {
        let filter = conditions(place, kind, origins, None, since);
        let sql = format!("SELECT COUNT(*) {}", place.clauses(tx, origins.is_some(), &filter));
        count += tx.query_one(&sql, filter.args())?.unwrap_or_default().int(0)?;
    }
    Ok(count)
}

fn conditions<'a>(
    place: &Place,
    kind: Kind,
    origins: Option<&'a [String]>,
    before: Option<i64>,
    since: Option<Timestamp>,
) -> Filter<'a> {
    let mut filter = Filter::default();
    filter.and("v.type = ", kind.number);
    if let Some(origins) = origins {
        filter.and_in(&format!("{}.origin", place.resource), origins);
    }
    if let Some(before) = before {
        filter.and("v.stamp < ", before);
    }
    if let Some(since) = since {
        filter.and("v.stamp >= ", first_key_from(since));
    }
    filter
}

/// The smallest key whose millisecond is not before `time`.
pub(super) fn first_key_from(time: Timestamp) -> i64 {
    first_key_at(Timestamp(time.0.saturating_add(999)))
}

fn version(kind: Kind, mut row: Row) -> Result<Stored> {
    Ok(Stored {
        key: row.int(0)?,
        stamp: row.int(3)?,
        resource_type: kind.name,
        id: row.text(1)?,
        version: row.int(4)?,
        updated: Timestamp(row.int(5)?),
        deleted: row.int(6)? != 0,
        origin: row.text(2)?,
        body: Body::of_tail(row.text(7)?),
    })
}
