//! The domain scope: care data is reachable only through it, so that isolation
//! between domains is a type and not a habit (ARCHITECTURE.md, invariant 3).

use koppeltaal_core::Result;
use koppeltaal_core::directory::Domain;

use crate::store::Store;
use crate::tx::{Arg, Dialect, Row, Table, Tx};

/// The care data of one domain.
#[derive(Clone)]
pub struct Scope {
    store: Store,
    domain: i64,
}

impl Store {
    /// The care data of `domain`.
    pub fn scope(&self, domain: &Domain) -> Scope {
        Scope { store: self.clone(), domain: domain.number }
    }
}

impl Scope {
    /// Runs one unit of work in this domain, all or nothing.
    pub async fn write<T, F>(&self, mut work: F) -> Result<T>
    where
        F: FnMut(&mut DomainTx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let domain = self.domain;
        self.store.write(move |tx| work(&mut DomainTx::new(tx, domain))).await
    }

    /// Reads in this domain.
    pub async fn read<T, F>(&self, mut work: F) -> Result<T>
    where
        F: FnMut(&mut DomainTx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let domain = self.domain;
        self.store.read(move |tx| work(&mut DomainTx::new(tx, domain))).await
    }
}

/// A transaction within one domain. Its statements have the domain as `$1`.
pub struct DomainTx<'a> {
    tx: &'a mut dyn Tx,
    domain: i64,
}

impl<'a> DomainTx<'a> {
    pub(crate) fn new(tx: &'a mut dyn Tx, domain: i64) -> Self {
        Self { tx, domain }
    }

    pub(crate) fn domain(&self) -> i64 {
        self.domain
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.tx.dialect()
    }

    pub(crate) fn query(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        self.tx.query(sql, &self.with_domain(sql, args))
    }

    pub(crate) fn query_one(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<Option<Row>> {
        Ok(self.query(sql, args)?.into_iter().next())
    }

    pub(crate) fn execute(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<u64> {
        self.tx.execute(sql, &self.with_domain(sql, args))
    }

    pub(crate) fn later(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<()> {
        self.tx.later(sql, &self.with_domain(sql, args))
    }

    /// Inserts rows; each begins with [`DomainTx::domain`].
    pub(crate) fn insert_many(&mut self, table: &Table, rows: &[Row]) -> Result<()> {
        debug_assert_eq!(table.columns[0].0, "domain", "the domain leads every key");
        self.tx.insert_many(table, rows)
    }

    /// The transaction itself, for tables that hold no care data.
    pub(crate) fn outside(&mut self) -> &mut dyn Tx {
        self.tx
    }

    fn with_domain<'b>(&self, sql: &str, args: &[Arg<'b>]) -> Vec<Arg<'b>> {
        debug_assert!(names_domain(sql), "a statement without its domain: {sql}");
        let mut all = Vec::with_capacity(args.len() + 1);
        all.push(Arg::Int(self.domain));
        all.extend_from_slice(args);
        all
    }
}

/// Whether a statement looks at one domain only, or inserts into one.
fn names_domain(sql: &str) -> bool {
    sql.contains("domain = $1") || (sql.contains(" (domain, ") && sql.contains("VALUES ($1, "))
}
