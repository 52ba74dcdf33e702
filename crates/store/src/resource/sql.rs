//! The text of a statement and its arguments as they grow together. Values are
//! always bound, and every table of the text gets a name of its own.

use koppeltaal_core::Result;

use crate::scope::DomainTx;
use crate::tx::{Arg, Dialect, Row, Value};

/// The primary key of `search_index`, by the name that SQLite gives it: the rows
/// of one value in the order of their stamps.
pub(in crate::resource) const BY_VALUE: &str = "sqlite_autoindex_search_index_1";
/// The index that leads to the rows of a resource.
pub(in crate::resource) const BY_STAMP: &str = "search_index_stamp";

/// The arguments of a statement after the domain, and the names it has used.
pub(in crate::resource) struct Sql {
    values: Vec<Value>,
    /// The numbers of search parameters that are bound, and where.
    parameters: Vec<(i64, String)>,
    names: usize,
    dialect: Dialect,
}

impl Sql {
    pub(in crate::resource) fn new(dialect: Dialect) -> Self {
        Self { values: Vec::new(), parameters: Vec::new(), names: 0, dialect }
    }

    /// Binds a value; answers with its parameter (`$7`).
    pub(in crate::resource) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len() + 1)
    }

    /// Binds the number of a search parameter, once for the whole statement.
    pub(in crate::resource) fn parameter(&mut self, number: i64) -> String {
        if let Some((_, bound)) = self.parameters.iter().find(|(known, _)| *known == number) {
            return bound.clone();
        }
        let bound = self.bind(number);
        self.parameters.push((number, bound.clone()));
        bound
    }

    /// That the row which the query calls `row` is of one of these search parameters.
    pub(in crate::resource) fn is_of(&mut self, row: &str, parameters: &[i64]) -> String {
        if let [only] = parameters {
            return format!("{row}.parameter = {}", self.parameter(*only));
        }
        let bound: Vec<String> = parameters.iter().map(|number| self.parameter(*number)).collect();
        format!("{row}.parameter IN ({})", bound.join(", "))
    }

    /// Binds each value of a list, filled up with its last value to a power of two,
    /// so that there are few texts.
    pub(in crate::resource) fn bind_each<T: Into<Value> + Clone>(
        &mut self,
        values: &[T],
    ) -> Vec<String> {
        let missing = values.len().next_power_of_two() - values.len();
        let padded = values.iter().chain(values.last().into_iter().cycle().take(missing));
        padded.map(|value| self.bind(value.clone())).collect()
    }

    /// [`Sql::bind_each`] as a list for `IN`.
    pub(in crate::resource) fn bind_list<T: Into<Value> + Clone>(
        &mut self,
        values: &[T],
    ) -> String {
        format!("({})", self.bind_each(values).join(", "))
    }

    /// `FROM` and `WHERE` of the rows of a table, called `row`, whose column is one
    /// of these: each value is looked up by itself. `hint` is the index on SQLite;
    /// `and` may narrow the rows.
    ///
    /// PostgreSQL would rather filter than look up while it has no statistics.
    pub(in crate::resource) fn one_of<T: Into<Value> + Clone>(
        &mut self,
        (table, row, hint): (&str, &str, &str),
        column: &str,
        values: &[T],
        and: &str,
    ) -> String {
        let list = self.bind_each(values).join(", ");
        let kind = match self.values.last() {
            Some(Value::Int(_)) => "BIGINT",
            _ => "TEXT",
        };
        match self.dialect {
            Dialect::Sqlite => format!(
                "{table} {row}{hint} WHERE {row}.domain = $1 AND {row}.{column} IN ({list}){and}"
            ),
            Dialect::Postgres => format!(
                "(SELECT DISTINCT v FROM unnest(CAST(ARRAY[{list}] AS {kind}[])) {row}u (v)) {row}v \
                 CROSS JOIN LATERAL (SELECT * FROM {table} {row} WHERE {row}.domain = $1 \
                 AND {row}.{column} = {row}v.v{and} OFFSET 0) {row}"
            ),
        }
    }

    /// A name for a table that the text does not have yet.
    pub(in crate::resource) fn name(&mut self, letter: char) -> String {
        self.names += 1;
        format!("{letter}{}", self.names)
    }

    pub(in crate::resource) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether there is a row. `of`: what follows FROM.
    ///
    /// On PostgreSQL `OFFSET 0` keeps it a probe of each candidate: as a join the
    /// planner, which knows little of the values, may read the whole range first.
    pub(in crate::resource) fn exists(&self, of: &str) -> String {
        format!("EXISTS (SELECT 1 FROM {of}{})", self.fence())
    }

    /// Ends a sub-select that is to be answered by itself.
    pub(in crate::resource) fn fence(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => "",
            Dialect::Postgres => " OFFSET 0",
        }
    }

    /// The place of a text in another, from 1; 0 when it is not there.
    pub(in crate::resource) fn place(&self, of: &str, within: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("instr({within}, {of})"),
            Dialect::Postgres => format!("strpos({within}, {of})"),
        }
    }

    /// Runs the statement that these are the arguments of.
    pub(in crate::resource) fn query(&self, tx: &mut DomainTx<'_>, text: &str) -> Result<Vec<Row>> {
        let args: Vec<Arg<'_>> = self.values.iter().map(Arg::from).collect();
        tx.query(text, &args)
    }
}
