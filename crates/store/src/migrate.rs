//! The schema and how a store gets to it: numbered migrations, each in one
//! transaction, run once even when several processes start together.

mod postgres;
mod sqlite;

use std::time::{SystemTime, UNIX_EPOCH};

use koppeltaal_core::{Error, Result, Timestamp};

use crate::engine::DatabaseUrl;
use crate::store::Store;
use crate::tx::Dialect;

/// One step of the schema. A step that was released is never changed.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its place, counted from 1 without gaps.
    pub number: i64,
    /// What it brings, in a few words.
    pub name: &'static str,
    /// Its statements, for both engines; see [`Migration::sql`].
    pub sql: &'static str,
}

impl Migration {
    /// The statements for an engine, with these words filled in:
    ///
    /// | word | SQLite | PostgreSQL |
    /// |---|---|---|
    /// | `{bytes}` | `BLOB` | `BYTEA` |
    /// | `{text}` | `TEXT` | `TEXT COLLATE "C"`: sorts by code point, as SQLite does |
    /// | `{rowid}` | `INTEGER`, which as a primary key is the row's own number | `BIGINT` |
    /// | `{without_rowid}` after a table | ` WITHOUT ROWID` | nothing |
    pub fn sql(&self, dialect: Dialect) -> String {
        fill_in(self.sql, dialect)
    }
}

/// The statements for an engine; see [`Migration::sql`].
pub(crate) fn fill_in(sql: &str, dialect: Dialect) -> String {
    let words = match dialect {
        Dialect::Sqlite => ["BLOB", "TEXT", "INTEGER", " WITHOUT ROWID"],
        Dialect::Postgres => ["BYTEA", "TEXT COLLATE \"C\"", "BIGINT", ""],
    };
    ["{bytes}", "{text}", "{rowid}", "{without_rowid}"]
        .iter()
        .zip(words)
        .fold(sql.to_owned(), |sql, (word, meaning)| sql.replace(word, meaning))
}

/// The schema of this program.
pub const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "directory", sql: include_str!("migrations/0001_directory.sql") },
    Migration { number: 2, name: "mailbox", sql: include_str!("migrations/0002_mailbox.sql") },
    Migration { number: 3, name: "outbox", sql: include_str!("migrations/0003_outbox.sql") },
    Migration { number: 4, name: "resource", sql: include_str!("migrations/0004_resource.sql") },
    Migration {
        number: 5,
        name: "authorization",
        sql: include_str!("migrations/0005_authorization.sql"),
    },
    Migration { number: 6, name: "search", sql: include_str!("migrations/0006_search.sql") },
    Migration {
        number: 7,
        name: "definitions",
        sql: include_str!("migrations/0007_definitions.sql"),
    },
    Migration {
        number: 8,
        name: "notification",
        sql: include_str!("migrations/0008_notification.sql"),
    },
    Migration { number: 9, name: "audit", sql: include_str!("migrations/0009_audit.sql") },
    Migration { number: 10, name: "sso", sql: include_str!("migrations/0010_sso.sql") },
    Migration { number: 11, name: "hub", sql: include_str!("migrations/0011_hub.sql") },
    Migration { number: 12, name: "storage", sql: include_str!("migrations/0012_storage.sql") },
    Migration {
        number: 13,
        name: "administration",
        sql: include_str!("migrations/0013_administration.sql"),
    },
    Migration { number: 14, name: "support", sql: include_str!("migrations/0014_support.sql") },
];

/// A migration that a store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Its place.
    pub number: i64,
    /// What it brought.
    pub name: String,
    /// When it was applied.
    pub applied_at: Timestamp,
}

/// Where a store stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// What the store has, in order.
    pub applied: Vec<Applied>,
    /// What it lacks, in order: number and name.
    pub pending: Vec<(i64, &'static str)>,
}

impl Status {
    /// Whether this program can use the store as it is.
    pub fn is_current(&self) -> bool {
        self.pending.is_empty()
    }
}

/// Tells where a store stands. A store of a newer program is an error.
pub async fn status(store: &Store) -> Result<Status> {
    status_of(store, MIGRATIONS).await
}

/// Brings a store to the schema of this program and tells what was applied now.
pub async fn run(store: &Store) -> Result<Vec<Applied>> {
    run_list(store, MIGRATIONS).await
}

/// [`status`] against another list.
pub async fn status_of(store: &Store, migrations: &[Migration]) -> Result<Status> {
    let present = match store.dialect() {
        Dialect::Sqlite => "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migration'",
        Dialect::Postgres => {
            "SELECT count(*) FROM pg_class WHERE oid = to_regclass('schema_migration')"
        }
    };
    let applied = store
        .read(move |tx| {
            let present = tx.query_one(present, &[])?;
            if present.is_none_or(|row| row.int(0) == Ok(0)) {
                return Ok(Vec::new());
            }
            let rows = tx.query(SELECT_APPLIED, &[])?;
            rows.into_iter()
                .map(|mut row| {
                    Ok(Applied {
                        number: row.int(0)?,
                        name: row.text(1)?,
                        applied_at: Timestamp(row.int(2)?),
                    })
                })
                .collect()
        })
        .await?;
    let newest = applied.last().map_or(0, |last| last.number);
    refuse_newer(newest, migrations)?;
    let pending = after(newest, migrations).map(|m| (m.number, m.name)).collect();
    Ok(Status { applied, pending })
}

/// [`run`] with another list.
///
/// Migrations run on a connection of their own, not as write closures: a closure
/// may be run again, a migration may not, and it may take longer than a request.
pub async fn run_list(store: &Store, migrations: &[Migration]) -> Result<Vec<Applied>> {
    let migrations = migrations.to_vec();
    match store.url() {
        DatabaseUrl::Sqlite(path) => {
            let path = path.clone();
            tokio::task::spawn_blocking(move || sqlite::run(&path, &migrations))
                .await
                .map_err(Error::internal)?
        }
        url @ DatabaseUrl::Postgres(_) => postgres::run(url, &migrations).await,
    }
}

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration \
    (number BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)";
const SELECT_APPLIED: &str =
    "SELECT number, name, applied_at FROM schema_migration ORDER BY number";
const SELECT_NEWEST: &str = "SELECT coalesce(max(number), 0) FROM schema_migration";

fn after(newest: i64, migrations: &[Migration]) -> impl Iterator<Item = &Migration> {
    migrations.iter().filter(move |migration| migration.number > newest)
}

/// A store that a newer program wrote is left alone.
pub(crate) fn refuse_newer(newest: i64, migrations: &[Migration]) -> Result<()> {
    let known = migrations.last().map_or(0, |last| last.number);
    if newest <= known {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "this store was written by a newer koppeltaal (schema {newest}, this program knows \
         {known}): upgrade the program"
    )))
}

/// The time of the system's clock: it is for people, nothing depends on it.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(0).plus(since)
}

fn failed(migration: &Migration, cause: &dyn std::fmt::Display) -> Error {
    Error::Unavailable(format!(
        "migration {} ({}) failed and was undone: {cause}",
        migration.number, migration.name
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_the_schema_have_no_gaps() {
        for (migration, expected) in MIGRATIONS.iter().zip(1..) {
            assert_eq!(migration.number, expected, "{}", migration.name);
        }
    }

    #[test]
    fn no_word_is_left_in_the_statements() {
        for migration in MIGRATIONS {
            for dialect in [Dialect::Sqlite, Dialect::Postgres] {
                assert!(!migration.sql(dialect).contains('{'), "{}", migration.name);
            }
        }
    }

    #[test]
    fn each_engine_gets_its_own_words() {
        let sql = "CREATE TABLE a (k {rowid} PRIMARY KEY, t {text}, b {bytes}){without_rowid};";
        let migration = Migration { number: 1, name: "a", sql };
        assert_eq!(
            migration.sql(Dialect::Sqlite),
            "CREATE TABLE a (k INTEGER PRIMARY KEY, t TEXT, b BLOB) WITHOUT ROWID;"
        );
        assert_eq!(
            migration.sql(Dialect::Postgres),
            "CREATE TABLE a (k BIGINT PRIMARY KEY, t TEXT COLLATE \"C\", b BYTEA);"
        );
    }
}
