//! The tables of the trail: one pair for each month (UTC) in which rows were
//! written, made ahead of time, or by the first row of the month.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::id::time_of_key;
use koppeltaal_core::{Result, Timestamp};

use super::trail::Trail;
use crate::args;
use crate::ids::Ids;
use crate::migrate::fill_in;
use crate::store::Store;
use crate::tx::{Dialect, Tx};

/// The month that holds what was recorded before there were months.
pub(super) const BEFORE: i64 = 0;

/// The lock under which PostgreSQL makes the tables of a month, and removes them.
pub(super) const LOCK: i64 = 0x6b74_6d6f_6e74_6873;

/// The month of a row.
pub(super) fn month_of(key: i64) -> i64 {
    time_of_key(key).month()
}

/// The table with the rows of a month.
pub(super) fn table(month: i64) -> String {
    format!("audit_{month:06}")
}

/// The table with what the events of a month are looked up by.
pub(super) fn key_table(month: i64) -> String {
    format!("audit_key_{month:06}")
}

/// The statements that make the tables of a month.
const TABLES: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS {table} (
       domain BIGINT NOT NULL,
       id BIGINT NOT NULL,
       action TEXT NOT NULL,
       recorded BIGINT NOT NULL,
       instance BIGINT,
       agent TEXT NOT NULL,
       event BIGINT,
       patient TEXT,
       focal TEXT,
       version TEXT,
       item BIGINT,
       outcome TEXT NOT NULL,
       detail TEXT,
       request_id TEXT,
       trace_id TEXT,
       correlation_id TEXT,
       given {text},
       shape BIGINT,
       date BIGINT,
       content TEXT,
       PRIMARY KEY (domain, id)
     ){without_rowid}",
    "CREATE UNIQUE INDEX IF NOT EXISTS {table}_given ON {table} (domain, given)
     WHERE given IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS {table}_date ON {table} (domain, date, id, shape)
     WHERE shape IS NOT NULL",
    "CREATE TABLE IF NOT EXISTS {keys} (
       domain BIGINT NOT NULL,
       key BIGINT NOT NULL,
       id BIGINT NOT NULL,
       PRIMARY KEY (domain, key, id)
     ){without_rowid}",
];

/// Makes the tables of a month where they are missing.
pub(super) fn ensure(tx: &mut dyn Tx, trail: &Trail, month: i64) -> Result<()> {
    if trail.has_month(month) {
        return Ok(());
    }
    if !is_there(tx, month)? {
        if tx.dialect() == Dialect::Postgres {
            tx.query("SELECT 1 FROM pg_advisory_xact_lock($1)", args![LOCK])?;
        }
        for statement in TABLES {
            let sql = fill_in(statement, tx.dialect())
                .replace("{table}", &table(month))
                .replace("{keys}", &key_table(month));
            tx.execute(&sql, &[])?;
        }
        tx.execute(
            "INSERT INTO audit_month (month, keyed, closed) VALUES ($1, 1, 0)
             ON CONFLICT (month) DO NOTHING",
            args![month],
        )?;
    }
    trail.remember_month(tx, month);
    Ok(())
}

/// How long ahead tables are made.
const AHEAD: Duration = Duration::from_secs(86_400);

/// Makes the tables of the present month, and of the next one on the day before it
/// begins, so that no request has to.
pub async fn make_ahead(store: &Store, ids: &Arc<Ids>, now: Timestamp) -> Result<()> {
    for month in [now.month(), now.plus(AHEAD).month()] {
        if ids.trail().has_month(month) {
            continue;
        }
        let ids = ids.clone();
        store.write(move |tx| ensure(tx, ids.trail(), month)).await?;
    }
    Ok(())
}

fn is_there(tx: &mut dyn Tx, month: i64) -> Result<bool> {
    let found = tx.query_one("SELECT 1 FROM audit_month WHERE month = $1", args![month])?;
    Ok(found.is_some())
}

/// A month that has tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Month {
    pub(super) number: i64,
    /// Whether nothing is added to it any more.
    pub(super) is_closed: bool,
    /// The earliest and the latest date of its events, once it is closed; none
    /// where it has no events.
    pub(super) dates: Option<(i64, i64)>,
}

impl Month {
    /// Whether it can have an event of a date in `[from, until)`.
    pub(super) fn may_have(self, from: Option<i64>, until: Option<i64>) -> bool {
        match self.dates {
            _ if !self.is_closed => true,
            None => false,
            Some((first, last)) => {
                from.is_none_or(|from| from <= last) && until.is_none_or(|until| first < until)
            }
        }
    }
}

/// The months whose rows can be read, oldest first.
pub(super) fn months(tx: &mut dyn Tx) -> Result<Vec<Month>> {
    let rows = tx.query(
        "SELECT month, closed, first_date, last_date FROM audit_month
         WHERE removed IS NULL ORDER BY month",
        args![],
    )?;
    rows.into_iter()
        .map(|row| {
            Ok(Month {
                number: row.int(0)?,
                is_closed: row.int(1)? != 0,
                dates: row.opt_int(2)?.zip(row.opt_int(3)?),
            })
        })
        .collect()
}
