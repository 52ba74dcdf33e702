//! What was recorded before the trail had months: its AuditEvents are made to be
//! found by what they are about, once, when a server starts.

use koppeltaal_core::Result;

use super::append::KEY_COLUMNS;
use super::key::{Lookup, key_before};
use super::month::{BEFORE, key_table, table};
use super::sealing::domains;
use crate::args;
use crate::row;
use crate::scope::DomainTx;
use crate::store::Store;
use crate::tx::{OnConflict, Row, Table};

/// Rows that one transaction takes.
const AT_ONCE: i64 = 1000;

/// Adds the keys that events of that time lack.
pub async fn add_keys(store: &Store) -> Result<()> {
    let sql = "SELECT 1 FROM audit_month WHERE month = $1 AND keyed = 0";
    if store.read(move |tx| tx.query_one(sql, args![BEFORE])).await?.is_none() {
        return Ok(());
    }
    for domain in store.read(|tx| domains(tx, BEFORE)).await? {
        let mut after = Some(-1);
        while let Some(from) = after {
            after = store.write(move |tx| add_some(&mut DomainTx::new(tx, domain), from)).await?;
        }
    }
    store
        .write(|tx| tx.execute("UPDATE audit_month SET keyed = 1 WHERE month = $1", args![BEFORE]))
        .await?;
    Ok(())
}

/// The last row that was looked at; `None` after the last of all.
fn add_some(tx: &mut DomainTx<'_>, after: i64) -> Result<Option<i64>> {
    let domain = tx.domain();
    let sql = format!(
        "SELECT id, patient, focal, trace_id, request_id FROM {}
         WHERE domain = $1 AND id > $2 AND shape IS NOT NULL ORDER BY id LIMIT $3",
        table(BEFORE)
    );
    let mut last = None;
    let mut rows: Vec<Row> = Vec::new();
    for mut row in tx.query(&sql, args![after, AT_ONCE])? {
        let id = row.int(0)?;
        last = Some(id);
        let kinds: [fn(String) -> Lookup; 4] =
            [Lookup::Entity, Lookup::Entity, Lookup::Trace, Lookup::Request];
        for (place, kind) in (1..).zip(kinds) {
            if let Some(text) = row.opt_text(place)? {
                rows.push(row![domain, key_before(&kind(text)), id]);
            }
        }
    }
    let table = Table {
        name: &key_table(BEFORE),
        columns: KEY_COLUMNS,
        key: &["domain", "key", "id"],
        on_conflict: OnConflict::Ignore,
    };
    tx.insert_many(&table, &rows)?;
    Ok(last)
}
