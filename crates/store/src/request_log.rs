//! The log of KT1 requests for support: who asked what, when, and how it ended;
//! the documents themselves are sealed. Successes stay for a week, failures for
//! two (kt13-around 5).

use koppeltaal_core::id::{first_key_at, time_of_key};
use koppeltaal_core::{Result, Timestamp};

use crate::filter::Filter;
use crate::scope::DomainTx;
use crate::tx::{ColumnType, OnConflict, Row, Table};
use crate::{args, row};

/// A request as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// Its key, which tells when it was.
    pub id: i64,
    /// Whether it failed.
    pub failed: bool,
    /// The number of the instance that made it.
    pub instance: Option<i64>,
    /// Its method.
    pub method: String,
    /// Its path and query, without credentials.
    pub target: String,
    /// The status of the answer.
    pub status: i64,
    /// How long the answer took, in microseconds.
    pub duration: i64,
    /// Its id in the log.
    pub request_id: String,
    /// Where it came from.
    pub address: String,
    /// Its document and the answer's, sealed.
    pub content: Option<String>,
}

impl Logged {
    /// When it was, in milliseconds.
    pub fn recorded(&self) -> Timestamp {
        time_of_key(self.id)
    }
}

const TABLE: Table = Table {
    name: "request_log",
    columns: &[
        ("domain", ColumnType::Int),
        ("id", ColumnType::Int),
        ("failed", ColumnType::Int),
        ("instance", ColumnType::Int),
        ("method", ColumnType::Text),
        ("target", ColumnType::Text),
        ("status", ColumnType::Int),
        ("duration", ColumnType::Int),
        ("request_id", ColumnType::Text),
        ("address", ColumnType::Text),
        ("content", ColumnType::Text),
    ],
    key: &["domain", "id"],
    on_conflict: OnConflict::Ignore,
};

/// Adds rows.
pub fn add(tx: &mut DomainTx<'_>, rows: &[Logged]) -> Result<()> {
    let domain = tx.domain();
    let rows: Vec<Row> = rows
        .iter()
        .map(|logged| {
            row![
                domain,
                logged.id,
                logged.failed,
                logged.instance,
                logged.method.as_str(),
                logged.target.as_str(),
                logged.status,
                logged.duration,
                logged.request_id.as_str(),
                logged.address.as_str(),
                logged.content.as_deref()
            ]
        })
        .collect();
    tx.insert_many(&TABLE, &rows)
}

/// Which rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only of these instances.
    pub instances: Option<Vec<i64>>,
    /// Only those that failed, or did not.
    pub failed: Option<bool>,
    /// Only with these statuses.
    pub statuses: Option<Vec<i64>>,
    /// Only with this id of a request.
    pub request_id: Option<String>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

fn conditions(wanted: &Wanted) -> Filter<'_> {
    let mut filter = Filter::default();
    if let Some(instances) = &wanted.instances {
        filter.and_in("instance", instances.iter().copied());
    }
    if let Some(failed) = wanted.failed {
        filter.and("failed = ", failed);
    }
    if let Some(statuses) = &wanted.statuses {
        filter.and_in("status", statuses.iter().copied());
    }
    if let Some(request_id) = &wanted.request_id {
        filter.and("request_id = ", request_id);
    }
    if let Some(from) = wanted.from {
        filter.and("id >= ", first_key_at(from));
    }
    if let Some(until) = wanted.until {
        filter.and("id < ", first_key_at(until));
    }
    filter
}

const COLUMNS: &str = "id, failed, instance, method, target, status, duration, request_id, address";

/// A page of rows without their contents, newest first.
pub fn list(
    tx: &mut DomainTx<'_>,
    wanted: &Wanted,
    offset: i64,
    limit: i64,
) -> Result<Vec<Logged>> {
    let mut filter = conditions(wanted);
    let (limit, offset) = (filter.bind(limit), filter.bind(offset));
    let sql = format!(
        "SELECT {COLUMNS}, NULL FROM request_log WHERE domain = $1{}
         ORDER BY id DESC LIMIT {limit} OFFSET {offset}",
        filter.sql()
    );
    tx.query(&sql, filter.args())?.into_iter().map(read).collect()
}

/// How many rows there are.
pub fn count(tx: &mut DomainTx<'_>, wanted: &Wanted) -> Result<i64> {
    let filter = conditions(wanted);
    let sql = format!("SELECT COUNT(*) FROM request_log WHERE domain = $1{}", filter.sql());
    tx.query_one(&sql, filter.args())?.unwrap_or_default().int(0)
}

/// One row with its content.
pub fn find(tx: &mut DomainTx<'_>, id: i64) -> Result<Option<Logged>> {
    let sql = format!("SELECT {COLUMNS}, content FROM request_log WHERE domain = $1 AND id = $2");
    tx.query_one(&sql, args![id])?.map(read).transpose()
}

/// Removes at most `limit` rows from before `until` that failed, or did not, and
/// tells how many.
pub fn remove(tx: &mut DomainTx<'_>, failed: bool, until: Timestamp, limit: i64) -> Result<u64> {
    tx.execute(
        "DELETE FROM request_log WHERE domain = $1 AND id IN
           (SELECT id FROM request_log WHERE domain = $1 AND failed = $2 AND id < $3
            ORDER BY id LIMIT $4)",
        args![failed, first_key_at(until), limit],
    )
}

fn read(mut row: Row) -> Result<Logged> {
    Ok(Logged {
        id: row.int(0)?,
        failed: row.int(1)? != 0,
        instance: row.opt_int(2)?,
        method: row.text(3)?,
        target: row.text(4)?,
        status: row.int(5)?,
        duration: row.int(6)?,
        request_id: row.text(7)?,
        address: row.text(8)?,
        content: row.opt_text(9)?,
    })
}
