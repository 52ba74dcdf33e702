//! Migrations on SQLite: one immediate transaction each, so that a second process
//! waits and then finds nothing left to do.

use std::path::Path;
use std::time::Duration;

use koppeltaal_core::Result;
use rusqlite::{Connection, OpenFlags, params};

use super::{Applied, CREATE_TABLE, Migration, SELECT_NEWEST, after, failed, now, refuse_newer};
use crate::engine::sqlite::plain_error;
use crate::tx::Dialect;

/// A migration of another process may take long.
const PATIENCE: Duration = Duration::from_secs(600);

pub(super) fn run(path: &Path, migrations: &[Migration]) -> Result<Vec<Applied>> {
    let connection = connect(path).map_err(|cause| plain_error(&cause))?;
    let mut applied = Vec::new();
    while let Some(done) = step(&connection, migrations)? {
        applied.push(done);
    }
    Ok(applied)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// Applies the next migration, if there is one.
fn step(connection: &Connection, migrations: &[Migration]) -> Result<Option<Applied>> {
    connection.execute_batch("BEGIN IMMEDIATE").map_err(|cause| plain_error(&cause))?;
    let done = inside(connection, migrations);
    let ended = match &done {
        Ok(_) => connection.execute_batch("COMMIT"),
        Err(_) => connection.execute_batch("ROLLBACK"),
    };
    // A failed ROLLBACK leaves nothing either: the connection is about to close.
    let done = done?;
    ended.map_err(|cause| plain_error(&cause))?;
    Ok(done)
}

fn inside(connection: &Connection, migrations: &[Migration]) -> Result<Option<Applied>> {
    let newest: i64 = connection
        .execute_batch(CREATE_TABLE)
        .and_then(|()| connection.query_row(SELECT_NEWEST, [], |row| row.get(0)))
        .map_err(|cause| plain_error(&cause))?;
    refuse_newer(newest, migrations)?;
    let Some(migration) = after(newest, migrations).next() else {
        return Ok(None);
    };
    let applied_at = now();
    connection
        .execute_batch(&migration.sql(Dialect::Sqlite))
        .and_then(|()| {
            connection.execute(
                "INSERT INTO schema_migration (number, name, applied_at) VALUES (?1, ?2, ?3)",
                params![migration.number, migration.name, applied_at.0],
            )
        })
        .map_err(|cause| failed(migration, &cause))?;
    Ok(Some(Applied { number: migration.number, name: migration.name.to_owned(), applied_at }))
}
