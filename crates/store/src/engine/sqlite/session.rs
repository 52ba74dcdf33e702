//! A connection with its caches, and the transaction over it that a closure sees.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::{Error, Result};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ToSql};

use super::error::{self, OnUnique};
use super::limit::Limit;
use super::text::numbered;
use crate::engine::insert::{InsertTexts, check_width};
use crate::engine::{check_args, check_text, read_only};
use crate::tx::{Arg, Dialect, Effect, OnConflict, Row, Table, Tx, Value};

/// Rewritten texts that are kept; searches compose many, so there is an end.
const TEXTS: usize = 2048;

/// A connection and what is remembered about its statements.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: Connection,
    texts: HashMap<String, Arc<str>>,
    inserts: InsertTexts,
    limit: Option<Limit>,
}

impl Session {
    pub(super) fn new(connection: Connection) -> Self {
        let inserts = InsertTexts::new(Dialect::Sqlite);
        Self { connection, texts: HashMap::new(), inserts, limit: None }
    }

    /// A session whose queries are interrupted when they take longer than this.
    pub(super) fn limited(mut connection: Connection, most: Duration) -> rusqlite::Result<Self> {
        let limit = Some(Limit::on(&mut connection, most)?);
        Ok(Self { limit, ..Self::new(connection) })
    }

    /// Runs a statement of the engine's own.
    pub(super) fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.raw_execute().map(drop)
    }

    fn numbered(&mut self, sql: &str) -> Arc<str> {
        if let Some(text) = self.texts.get(sql) {
            return Arc::clone(text);
        }
        if self.texts.len() >= TEXTS {
            self.texts.clear();
        }
        let text: Arc<str> = numbered(sql).into();
        self.texts.insert(sql.to_owned(), Arc::clone(&text));
        text
    }
}

/// A closure's view of the transaction that runs on a session.
pub(super) struct SqliteTx<'s> {
    session: &'s mut Session,
    /// The first failure. Nothing runs after it: SQLite may have rolled back
    /// everything, and the next statement would then be committed on its own.
    failure: Option<Error>,
    effects: Vec<Effect>,
    writes: bool,
}

impl<'s> SqliteTx<'s> {
    pub(super) fn to_write(session: &'s mut Session) -> Self {
        Self { session, failure: None, effects: Vec::new(), writes: true }
    }

    pub(super) fn to_read(session: &'s mut Session) -> Self {
        Self { session, failure: None, effects: Vec::new(), writes: false }
    }

    fn change(&mut self) {
        if !self.writes {
            self.failure.get_or_insert_with(read_only);
        }
    }

    /// The first statement that failed, if one did, and what follows the commit.
    pub(super) fn leave(self) -> (Option<Error>, Vec<Effect>) {
        (self.failure, self.effects)
    }

    fn attempt<T>(
        &mut self,
        sql: &str,
        on_unique: OnUnique,
        work: impl FnOnce(&mut Session) -> Result<T, Failure>,
    ) -> Result<T> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        work(self.session).map_err(|failure| {
            let error = match failure {
                Failure::Sqlite(cause) => error::of_statement(&cause, sql, on_unique),
                Failure::Ours(error) => error,
            };
            self.failure = Some(error.clone());
            error
        })
    }
}

enum Failure {
    Sqlite(rusqlite::Error),
    Ours(Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Sqlite(cause)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl Tx for SqliteTx<'_> {
    fn query(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        self.attempt(sql, OnUnique::Conflict, |session| {
            let text = session.numbered(sql);
            let mut statement = session.connection.prepare_cached(&text)?;
            bind(&mut statement, args)?;
            if let Some(limit) = &session.limit {
                limit.begin();
            }
            let width = statement.column_count();
            let mut found = Vec::new();
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next()? {
                let values = (0..width).map(|column| value(row.get_ref(column)?));
                found.push(Row(values.collect::<Result<_, Failure>>()?));
            }
            Ok(found)
        })
    }

    fn execute(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<u64> {
        self.change();
        self.attempt(sql, OnUnique::Conflict, |session| {
            let text = session.numbered(sql);
            let mut statement = session.connection.prepare_cached(&text)?;
            bind(&mut statement, args)?;
            Ok(statement.raw_execute()? as u64)
        })
    }

    fn later(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<()> {
        self.execute(sql, args).map(drop)
    }

    fn insert_many(&mut self, table: &Table, rows: &[Row]) -> Result<()> {
        self.change();
        let on_unique = match table.on_conflict {
            OnConflict::Retry => OnUnique::Retry,
            OnConflict::Refuse | OnConflict::Ignore | OnConflict::Replace => OnUnique::Conflict,
        };
        self.attempt(table.name, on_unique, |session| {
            if rows.is_empty() {
                return Ok(());
            }
            let text = session.inserts.text(table);
            let mut statement = session.connection.prepare_cached(&text)?;
            for row in rows {
                check_width(table, row)?;
                for (index, value) in row.0.iter().enumerate() {
                    if let Value::Text(text) = value {
                        check_text(text)?;
                    }
                    statement.raw_bind_parameter(index + 1, Bound(value.as_arg()))?;
                }
                statement.raw_execute()?;
            }
            Ok(())
        })
    }

    fn after_commit(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
}

fn bind(statement: &mut CachedStatement<'_>, args: &[Arg<'_>]) -> Result<(), Failure> {
    let wanted = statement.parameter_count();
    if wanted != args.len() {
        return Err(Failure::Ours(Error::Internal(format!(
            "{} arguments for {wanted} parameters",
            args.len()
        ))));
    }
    check_args(args)?;
    for (index, arg) in args.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, Bound(*arg))?;
    }
    Ok(())
}

fn value(value: ValueRef<'_>) -> Result<Value, Failure> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Text(value) => Value::Text(
            std::str::from_utf8(value)
                .map_err(|_| Error::Internal("a text in the store is not UTF-8".to_owned()))?
                .to_owned(),
        ),
        ValueRef::Blob(value) => Value::Bytes(value.to_vec()),
        ValueRef::Real(_) => {
            return Err(Failure::Ours(Error::Internal(
                "a column holds a floating-point number".to_owned(),
            )));
        }
    })
}

/// An argument as SQLite takes it, without a copy.
struct Bound<'a>(Arg<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Arg::Null => ValueRef::Null,
            Arg::Int(value) => ValueRef::Integer(value),
            Arg::Text(value) => ValueRef::Text(value.as_bytes()),
            Arg::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}
