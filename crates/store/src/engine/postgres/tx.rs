//! A closure's view of its transaction on PostgreSQL.

use koppeltaal_core::{Error, Result};

use super::error::OnUnique;
use super::session::{Answer, Expects, Session};
use super::value;
use crate::engine::{check_args, read_only};
use crate::tx::{Arg, Dialect, Effect, OnConflict, Row, Table, Tx};

/// How a closure's statements are wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// A transaction that writes.
    Write,
    /// No transaction: one statement is a snapshot by itself. A second one makes
    /// the attempt void.
    Single,
    /// A transaction that reads from one snapshot.
    Snapshot,
}

/// The transaction. It begins with its first statement, in the same packet.
pub(super) struct PgTx<'s> {
    session: &'s mut Session,
    mode: Mode,
    begun: bool,
    statements: usize,
    needs_snapshot: bool,
    failure: Option<Error>,
    effects: Vec<Effect>,
}

/// How a closure left its transaction.
pub(super) struct Left {
    /// The first statement that failed, if one did.
    pub(super) failure: Option<Error>,
    /// Whether a transaction is open on the connection.
    pub(super) begun: bool,
    /// Whether a second statement was asked for in [`Mode::Single`].
    pub(super) needs_snapshot: bool,
    /// What follows the commit.
    pub(super) effects: Vec<Effect>,
}

impl<'s> PgTx<'s> {
    pub(super) fn new(session: &'s mut Session, mode: Mode) -> Self {
        Self {
            session,
            mode,
            begun: false,
            statements: 0,
            needs_snapshot: false,
            failure: None,
            effects: Vec::new(),
        }
    }

    pub(super) fn leave(self) -> Left {
        Left {
            failure: self.failure,
            begun: self.begun,
            needs_snapshot: self.needs_snapshot,
            effects: self.effects,
        }
    }

    fn change<T>(&mut self, work: impl FnOnce(&mut Session) -> Result<T>) -> Result<T> {
        if self.mode != Mode::Write {
            self.failure.get_or_insert_with(read_only);
        }
        self.attempt(work)
    }

    fn attempt<T>(&mut self, work: impl FnOnce(&mut Session) -> Result<T>) -> Result<T> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let done = self.begin().and_then(|()| work(self.session));
        done.inspect_err(|failure| self.failure = Some(failure.clone()))
    }

    fn begin(&mut self) -> Result<()> {
        self.statements += 1;
        let begin = match self.mode {
            _ if self.begun => return Ok(()),
            Mode::Single if self.statements == 1 => return Ok(()),
            Mode::Single => {
                self.needs_snapshot = true;
                return Err(Error::Retry("several statements need a snapshot".to_owned()));
            }
            // Isolation and access are set for the session, which keeps this a
            // statement that cannot fail.
            Mode::Write => "BEGIN",
            Mode::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        self.session.send_plain(begin, Expects::Success(OnUnique::Conflict));
        self.begun = true;
        Ok(())
    }
}

impl Tx for PgTx<'_> {
    fn query(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        self.attempt(|session| {
            check_args(args)?;
            let statement = session.statement(sql)?;
            let params = value::params(args, statement.1.params())?;
            session.send_query(statement, params);
            match session.settle()? {
                Answer::Rows(rows) => rows.iter().map(value::row).collect(),
                _ => Err(Error::internal("PostgreSQL answered a query without rows")),
            }
        })
    }

    fn execute(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<u64> {
        self.change(|session| {
            check_args(args)?;
            let statement = session.statement(sql)?;
            let params = value::params(args, statement.1.params())?;
            session.send_execute(statement, params, OnUnique::Conflict);
            match session.settle()? {
                Answer::Count(count) => Ok(count),
                _ => Err(Error::internal("PostgreSQL answered a statement without a count")),
            }
        })
    }

    fn later(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<()> {
        self.change(|session| {
            check_args(args)?;
            let statement = session.statement(sql)?;
            let params = value::params(args, statement.1.params())?;
            session.send_execute(statement, params, OnUnique::Conflict);
            Ok(())
        })
    }

    fn insert_many(&mut self, table: &Table, rows: &[Row]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let on_unique = match table.on_conflict {
            OnConflict::Retry => OnUnique::Retry,
            OnConflict::Refuse | OnConflict::Ignore | OnConflict::Replace => OnUnique::Conflict,
        };
        self.change(|session| {
            let columns = value::columns(table, rows)?;
            let statement = session.insert(table)?;
            session.send_execute(statement, columns, on_unique);
            Ok(())
        })
    }

    fn after_commit(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }
}
