//! Forgetting what has expired, a few rows at a time and led by an index, so that
//! it disturbs nobody.

use koppeltaal_core::{Result, Timestamp};

use crate::args;
use crate::tx::{Arg, Tx, Value};

/// A table whose rows expire.
struct Expiring {
    name: &'static str,
    /// The index on `expires`.
    index: &'static str,
    key: &'static [&'static str],
}

const TABLES: &[Expiring] = &[
    Expiring { name: "spent", index: "spent_expires", key: &["domain", "digest"] },
    Expiring {
        name: "authorization_session",
        index: "authorization_session_expires",
        key: &["domain", "kind", "digest"],
    },
    Expiring { name: "revoked_token", index: "revoked_token_expires", key: &["domain", "jti"] },
];

/// Removes spent ids, sessions and revocations that have expired at `now`, at most
/// `limit` of each, and empties signing keys that are published no more. Tells how
/// many rows that were: a caller goes on while it is not zero.
pub fn forget_expired(tx: &mut dyn Tx, now: Timestamp, limit: i64) -> Result<u64> {
    let mut forgotten = 0;
    for table in TABLES {
        forgotten += remove(tx, table, now, limit)?;
    }
    let sql = format!(
        "UPDATE signing_key{} SET sealed = '' WHERE published_until <= $1 AND sealed <> ''",
        tx.dialect().indexed_by("signing_key_retired")
    );
    Ok(forgotten + tx.execute(&sql, args![now])?)
}

fn remove(tx: &mut dyn Tx, table: &Expiring, now: Timestamp, limit: i64) -> Result<u64> {
    let Expiring { name, index, key } = table;
    // Rows that another process removes at this moment are left to it.
    let select = format!(
        "SELECT {} FROM {name}{} WHERE expires <= $1 ORDER BY expires LIMIT $2{}",
        key.join(", "),
        tx.dialect().indexed_by(index),
        tx.dialect().for_update_skip_locked()
    );
    let conditions: Vec<String> =
        key.iter().enumerate().map(|(at, column)| format!("{column} = ${}", at + 1)).collect();
    let delete = format!("DELETE FROM {name} WHERE {}", conditions.join(" AND "));
    let found = tx.query(&select, args![now, limit])?;
    for row in &found {
        let key: Vec<Arg<'_>> = row.0.iter().map(Value::as_arg).collect();
        tx.later(&delete, &key)?;
    }
    Ok(found.len() as u64)
}
