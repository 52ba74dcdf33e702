//! The text of a statement and its arguments as they grow together. Values are
//! always bound, and every table of the text gets a name of its own.

use koppeltaal_core::Result;

use crate::scope::DomainTx;
use crate::tx::{Arg, Dialect, Row, Value};

/// The arguments of a statement after the domain, and the names it has used.
pub(super) struct Sql {
    values: Vec<Value>,
    names: usize,
    dialect: Dialect,
}

impl Sql {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { values: Vec::new(), names: 0, dialect }
    }

    /// Binds a value; answers with its parameter (`$7`).
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len() + 1)
    }

    /// Binds a list for `IN`, filled up with its last value to a power of two, so
    /// that there are few texts.
    pub(super) fn bind_list<T: Into<Value> + Clone>(&mut self, values: &[T]) -> String {
        let missing = values.len().next_power_of_two() - values.len();
        let padded = values.iter().chain(values.last().into_iter().cycle().take(missing));
        let parameters: Vec<String> = padded.map(|value| self.bind(value.clone())).collect();
        format!("({})", parameters.join(", "))
    }

    /// A name for a table that the text does not have yet.
    pub(super) fn name(&mut self, letter: char) -> String {
        self.names += 1;
        format!("{letter}{}", self.names)
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether there is a row. `of`: what follows FROM.
    ///
    /// On PostgreSQL `OFFSET 0` keeps it a probe of each candidate: as a join the
    /// planner, which knows little of the values, may read the whole range first.
    pub(super) fn exists(&self, of: &str) -> String {
        format!("EXISTS (SELECT 1 FROM {of}{})", self.fence())
    }

    /// Ends a sub-select that is to be answered by itself.
    pub(super) fn fence(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => "",
            Dialect::Postgres => " OFFSET 0",
        }
    }

    /// The place of a text in another, from 1; 0 when it is not there.
    pub(super) fn place(&self, of: &str, within: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("instr({within}, {of})"),
            Dialect::Postgres => format!("strpos({within}, {of})"),
        }
    }

    /// Runs the statement that these are the arguments of.
    pub(super) fn query(&self, tx: &mut DomainTx<'_>, text: &str) -> Result<Vec<Row>> {
        let args: Vec<Arg<'_>> = self.values.iter().map(Arg::from).collect();
        tx.query(text, &args)
    }
}
