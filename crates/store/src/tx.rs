//! The seam between SQL and the engines: a transaction is a synchronous closure
//! over [`Tx`], and the engine decides how to run it (group commit on SQLite, a
//! connection of its own with pipelining on PostgreSQL).
//!
//! SQL is written once, with `$1` numbering, columns TEXT, BIGINT and one
//! byte-string type, and times in microseconds bound from the injected clock.

use koppeltaal_core::{Error, Result};

/// An argument of a statement, borrowed from the closure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arg<'a> {
    /// SQL NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// TEXT.
    Text(&'a str),
    /// The byte-string type (BLOB or BYTEA).
    Bytes(&'a [u8]),
}

/// A value of a row that was read, or of a row to insert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// TEXT.
    Text(String),
    /// The byte-string type.
    Bytes(Vec<u8>),
}

impl Value {
    /// The same value, borrowed as an argument.
    pub fn as_arg(&self) -> Arg<'_> {
        match self {
            Self::Null => Arg::Null,
            Self::Int(value) => Arg::Int(*value),
            Self::Text(value) => Arg::Text(value),
            Self::Bytes(value) => Arg::Bytes(value),
        }
    }
}

macro_rules! arg_from {
    ($($type:ty => $value:ident -> $arg:expr),* $(,)?) => {
        $(impl<'a> From<$type> for Arg<'a> { fn from($value: $type) -> Self { $arg } })*
    };
}

arg_from! {
    i64 => v -> Arg::Int(v),
    &'a i64 => v -> Arg::Int(*v),
    i32 => v -> Arg::Int(i64::from(v)),
    u32 => v -> Arg::Int(i64::from(v)),
    bool => v -> Arg::Int(i64::from(v)),
    &'a str => v -> Arg::Text(v),
    &'a String => v -> Arg::Text(v),
    &'a [u8] => v -> Arg::Bytes(v),
    &'a Vec<u8> => v -> Arg::Bytes(v),
    Option<i64> => v -> v.map_or(Arg::Null, Arg::Int),
    Option<&'a str> => v -> v.map_or(Arg::Null, Arg::Text),
    Option<&'a [u8]> => v -> v.map_or(Arg::Null, Arg::Bytes),
    &'a Option<String> => v -> v.as_deref().map_or(Arg::Null, Arg::Text),
    &'a Value => v -> v.as_arg(),
}

impl From<koppeltaal_core::Timestamp> for Arg<'_> {
    fn from(value: koppeltaal_core::Timestamp) -> Self {
        Arg::Int(value.0)
    }
}

macro_rules! value_from {
    ($($type:ty => $value:ident -> $made:expr),* $(,)?) => {
        $(impl From<$type> for Value { fn from($value: $type) -> Self { $made } })*
    };
}

value_from! {
    i64 => v -> Value::Int(v),
    bool => v -> Value::Int(i64::from(v)),
    &str => v -> Value::Text(v.to_owned()),
    String => v -> Value::Text(v),
    Vec<u8> => v -> Value::Bytes(v),
    Option<i64> => v -> v.map_or(Value::Null, Value::Int),
    Option<String> => v -> v.map_or(Value::Null, Value::Text),
    Option<&str> => v -> v.map_or(Value::Null, |v| Value::Text(v.to_owned())),
    Option<Vec<u8>> => v -> v.map_or(Value::Null, Value::Bytes),
    koppeltaal_core::Timestamp => v -> Value::Int(v.0),
}

/// Arguments of a statement: `args![domain, "text", 3_i64]`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::tx::Arg::from($value)),*] };
}

/// A row to insert: `row![domain, "text", 3_i64]`.
#[macro_export]
macro_rules! row {
    ($($value:expr),* $(,)?) => { $crate::tx::Row(vec![$($crate::tx::Value::from($value)),*]) };
}

/// The values of one row, in the order of the columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row(pub Vec<Value>);

impl Row {
    fn wrong(&self, column: usize, wanted: &str) -> Error {
        Error::Internal(format!("column {column} holds {:?}, not {wanted}", self.0.get(column)))
    }

    /// The integer in this column.
    pub fn int(&self, column: usize) -> Result<i64> {
        match self.0.get(column) {
            Some(Value::Int(value)) => Ok(*value),
            _ => Err(self.wrong(column, "an integer")),
        }
    }

    /// The integer in this column, `None` for NULL.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.int(column).map(Some),
        }
    }

    /// The text in this column, moved out of the row.
    pub fn text(&mut self, column: usize) -> Result<String> {
        match self.0.get_mut(column) {
            Some(Value::Text(value)) => Ok(std::mem::take(value)),
            _ => Err(self.wrong(column, "a text")),
        }
    }

    /// The text in this column, `None` for NULL.
    pub fn opt_text(&mut self, column: usize) -> Result<Option<String>> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    /// The bytes in this column, moved out of the row.
    pub fn bytes(&mut self, column: usize) -> Result<Vec<u8>> {
        match self.0.get_mut(column) {
            Some(Value::Bytes(value)) => Ok(std::mem::take(value)),
            _ => Err(self.wrong(column, "bytes")),
        }
    }

    /// The bytes in this column, `None` for NULL.
    pub fn opt_bytes(&mut self, column: usize) -> Result<Option<Vec<u8>>> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.bytes(column).map(Some),
        }
    }
}

/// The type of a column, needed where a statement is composed for PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// BIGINT.
    Int,
    /// TEXT.
    Text,
    /// BLOB or BYTEA.
    Bytes,
}

/// What an insert does when a row with the same key is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnConflict {
    /// The transaction fails with [`Error::Retry`]: the closure assumed that no
    /// such row existed, and a concurrent transaction proved it wrong.
    Retry,
    /// The transaction fails with [`Error::Conflict`]: the caller named a row that
    /// is there already.
    Refuse,
    /// The row that is there stays.
    Ignore,
    /// Every column that is not part of the key is overwritten.
    Replace,
}

/// Enough of a table for an engine to compose its own bulk insert.
#[derive(Debug)]
pub struct Table<'a> {
    /// The table's name. Not always a constant: the audit trail has tables for
    /// each month.
    pub name: &'a str,
    /// The columns that a row gives, in order.
    pub columns: &'static [(&'static str, ColumnType)],
    /// The columns of the key, for [`OnConflict`].
    pub key: &'static [&'static str],
    /// What happens when the key is there.
    pub on_conflict: OnConflict,
}

/// The SQL dialect of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite: writes are serial, rows need no locks.
    Sqlite,
    /// PostgreSQL: READ COMMITTED, rows that are read before a write are locked.
    Postgres,
}

impl Dialect {
    /// ` FOR UPDATE` where the engine has row locks.
    pub fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// ` FOR SHARE`: nobody changes the row before the transaction ends, others may look at it.
    pub fn for_share(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR SHARE",
        }
    }

    /// ` INDEXED BY index` on SQLite, which without statistics prefers a primary
    /// key that gives the wanted order to a partial index that gives it too, and
    /// would read all that was processed in search of the little that waits.
    pub fn indexed_by(self, index: &str) -> String {
        match self {
            Self::Sqlite => format!(" INDEXED BY {index}"),
            Self::Postgres => String::new(),
        }
    }

    /// ` FOR UPDATE OF i`: locks the rows of the table that the query calls `i`.
    pub fn for_update_of_i(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE OF i",
        }
    }

    /// ` FOR UPDATE OF i SKIP LOCKED`: as above, passing over rows that
    /// another transaction has locked.
    pub fn for_update_of_i_skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE OF i SKIP LOCKED",
        }
    }

    /// ` FOR UPDATE SKIP LOCKED` where the engine has row locks.
    pub fn for_update_skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }
}

/// What follows a commit; see [`Tx::after_commit`].
pub type Effect = Box<dyn FnOnce() + Send>;

/// One unit of work, all or nothing. Statements are prepared once per
/// connection; a closure may be run again, so it has no side effects but these.
pub trait Tx {
    /// Runs a statement that returns rows.
    fn query(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<Vec<Row>>;

    /// Runs a statement and tells how many rows it touched.
    fn execute(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<u64>;

    /// Runs a statement whose count nobody needs: it may travel with the next
    /// query or with COMMIT. Its failure fails the transaction.
    fn later(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<()>;

    /// Inserts rows (as [`Tx::later`]): a prepared loop or one `unnest`. Under
    /// [`OnConflict::Replace`] no two rows may have the same key.
    fn insert_many(&mut self, table: &Table, rows: &[Row]) -> Result<()>;

    /// Something to do when the transaction is committed, and never when it is
    /// not: what a process may remember of it from then on.
    fn after_commit(&mut self, effect: Effect);

    /// The dialect, for the fragments that differ.
    fn dialect(&self) -> Dialect;

    /// The first row of [`Tx::query`], if any.
    fn query_one(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<Option<Row>> {
        Ok(self.query(sql, args)?.into_iter().next())
    }
}
