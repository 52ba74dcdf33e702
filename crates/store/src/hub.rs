//! SignalR connections that were started (StartPush) by a request of their own: it
//! may reach another process than the connection does, so it is kept until the
//! connection has certainly heard of it.

use std::time::Duration;

use koppeltaal_core::{Result, Timestamp};

use crate::args;
use crate::scope::DomainTx;

/// The id of a connection.
pub type Connection = [u8; 16];

/// How long a call is kept: longer than any client tries to reconnect.
pub const KEPT: Duration = Duration::from_secs(600);

/// Keeps a call, and forgets those of the domain whose time is over.
pub fn start(
    tx: &mut DomainTx<'_>,
    instance: i64,
    connection: Connection,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO kt1_hub_start (domain, instance, connection, started)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (domain, instance, connection) DO UPDATE SET started = excluded.started",
        args![instance, connection.as_slice(), now],
    )?;
    tx.execute(
        "DELETE FROM kt1_hub_start WHERE domain = $1 AND started < $2",
        args![now.minus(KEPT)],
    )?;
    Ok(())
}

/// Whether the connection of an instance was started.
pub fn is_started(tx: &mut DomainTx<'_>, instance: i64, connection: Connection) -> Result<bool> {
    let row = tx.query_one(
        "SELECT 1 FROM kt1_hub_start WHERE domain = $1 AND instance = $2 AND connection = $3",
        args![instance, connection.as_slice()],
    )?;
    Ok(row.is_some())
}

/// The connections of the domain that were started at this time or later: instance
/// and id.
pub fn started_since(tx: &mut DomainTx<'_>, since: Timestamp) -> Result<Vec<(i64, Connection)>> {
    let rows = tx.query(
        "SELECT instance, connection FROM kt1_hub_start WHERE domain = $1 AND started >= $2",
        args![since],
    )?;
    let mut started = Vec::with_capacity(rows.len());
    for mut row in rows {
        let instance = row.int(0)?;
        if let Ok(connection) = Connection::try_from(row.bytes(1)?.as_slice()) {
            started.push((instance, connection));
        }
    }
    Ok(started)
}
