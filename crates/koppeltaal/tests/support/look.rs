//! Looking into the store of a running server.

use koppeltaal_core::audit::Action;
use koppeltaal_store::audit::{self, Filter, Record};
use koppeltaal_store::{Value, args};

use super::TestApp;
use super::setup::D;

/// The tables that hold what applications sent, or traces of it.
pub const TABLES: [&str; 10] = [
    "kt1_resource",
    "kt1_message",
    "kt1_body",
    "kt1_item",
    "kt1_definition",
    "outbox",
    "attempt",
    "storage_item",
    "storage_usage",
    "audit",
];

impl TestApp {
    /// The rows of a query.
    pub async fn rows(&self, sql: &str) -> Vec<Vec<Value>> {
        let sql = sql.to_owned();
        let rows = self.store().read(move |tx| tx.query(&sql, args![])).await.unwrap();
        rows.into_iter().map(|row| row.0).collect()
    }

    /// The one number that a query gives.
    pub async fn number(&self, sql: &str) -> i64 {
        match self.rows(sql).await.concat().as_slice() {
            [Value::Int(number)] => *number,
            other => panic!("{sql}: {other:?}"),
        }
    }

    /// How many messages, copies and resources there are.
    pub async fn stored(&self) -> [i64; 3] {
        [
            self.number("SELECT COUNT(*) FROM kt1_message").await,
            self.number("SELECT COUNT(*) FROM kt1_item").await,
            self.number("SELECT COUNT(*) FROM kt1_resource").await,
        ]
    }

    /// The rows of a table; of `audit`, those of all months.
    pub async fn all_of(&self, table: &str) -> Vec<Vec<Value>> {
        if table != "audit" {
            return self.rows(&format!("SELECT * FROM {table}")).await;
        }
        let mut rows = Vec::new();
        for month in self.rows("SELECT month FROM audit_month").await.concat() {
            let Value::Int(month) = month else { panic!("{month:?}") };
            rows.extend(self.rows(&format!("SELECT * FROM audit_{month:06}")).await);
        }
        rows
    }

    /// The tables in which some row holds this text.
    pub async fn tables_with(&self, text: &str) -> Vec<&'static str> {
        let mut found = Vec::new();
        for table in TABLES {
            let rows = self.all_of(table).await;
            let holds = |value: &Value| matches!(value, Value::Text(t) if t.contains(text));
            if rows.iter().flatten().any(holds) {
                found.push(table);
            }
        }
        found
    }

    /// The audit rows of domain D with this action, oldest first.
    pub async fn audit(&self, action: Action) -> Vec<Record> {
        self.audit_of(D, action).await
    }

    pub async fn audit_of(&self, domain: &str, action: Action) -> Vec<Record> {
        let filter = Filter { action: Some(action), ..Filter::default() };
        let scope = self.store().scope(&self.domain(domain));
        scope.read(move |tx| audit::search(tx, &filter, 10_000)).await.unwrap()
    }

    /// The one audit row with this action, which may be written a moment after
    /// the answer.
    pub async fn audited(&self, action: Action) -> Record {
        super::eventually("an audit row", async || !self.audit(action).await.is_empty()).await;
        let mut rows = self.audit(action).await;
        assert_eq!(rows.len(), 1, "{rows:#?}");
        rows.remove(0)
    }
}
