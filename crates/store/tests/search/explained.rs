//! The plans of the statements of a transaction.

use koppeltaal_core::Result;
use koppeltaal_store::tx::{Effect, Table};
use koppeltaal_store::{Arg, Dialect, Row, Tx};

/// Keeps the plan of every query it passes on.
pub struct Explained<'a> {
    pub tx: &'a mut dyn Tx,
    /// Each statement with its plan.
    pub plans: Vec<String>,
}

impl Explained<'_> {
    fn explain(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<()> {
        let (explain, column) = match self.tx.dialect() {
            Dialect::Sqlite => ("EXPLAIN QUERY PLAN", 3),
            Dialect::Postgres if sql.starts_with("SELECT") => ("EXPLAIN (ANALYZE, COSTS OFF)", 0),
            Dialect::Postgres => ("EXPLAIN (COSTS OFF)", 0),
        };
        let rows = self.tx.query(&format!("{explain} {sql}"), args)?;
        let lines: Result<Vec<String>> = rows.into_iter().map(|mut row| row.text(column)).collect();
        self.plans.push(format!("{sql}\n{}\n", lines?.join("\n")));
        Ok(())
    }
}

impl Tx for Explained<'_> {
    fn query(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        self.explain(sql, args)?;
        self.tx.query(sql, args)
    }
    fn execute(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<u64> {
        self.tx.execute(sql, args)
    }
    fn later(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<()> {
        self.explain(sql, args)?;
        self.tx.later(sql, args)
    }
    fn insert_many(&mut self, table: &Table, rows: &[Row]) -> Result<()> {
        self.tx.insert_many(table, rows)
    }
    fn after_commit(&mut self, effect: Effect) {
        self.tx.after_commit(effect);
    }
    fn dialect(&self) -> Dialect {
        self.tx.dialect()
    }
}

/// The rows that a node of a plan of PostgreSQL gave, or threw away.
pub fn rows(line: &str) -> u64 {
    let (_, count) = line
        .split_once(" rows=")
        .or_else(|| line.split_once("Rows Removed by Filter: "))
        .unwrap_or(("", "0"));
    let digits = count.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or_default()
}
