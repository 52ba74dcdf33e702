//! The clock of the store's server, which `doctor` compares with ours.

use koppeltaal_core::{Result, Timestamp};

use crate::args;
use crate::tx::{Dialect, Tx};

/// The present moment of the database server.
pub fn now(tx: &mut dyn Tx) -> Result<Timestamp> {
    let sql = match tx.dialect() {
        Dialect::Sqlite => "SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
        Dialect::Postgres => {
            "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
        }
    };
    tx.query_one(sql, args![])?.unwrap_or_default().int(0).map(Timestamp)
}
