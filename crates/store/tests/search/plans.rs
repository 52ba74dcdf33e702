//! The plans of the statements: a search reads what it finds and little else,
//! whatever the engine thinks of the sizes of its tables.

use koppeltaal_core::search::{Condition, End, Qualifier, SortBy, SortKey, Target, Values};
use koppeltaal_store::resource::search::{self, Search};
use koppeltaal_store::test_support::in_domain;
use koppeltaal_store::tx::Table;
use koppeltaal_store::{Arg, Dialect, Row, Store, Tx, args, both};

use koppeltaal_core::Result;

use crate::world::{BORN, GENDER, LINK, NAME, OWNER, Plan, STATUS, is, plan, search, test, world};

/// Keeps the plan of every query it passes on.
struct Explained<'a> {
    tx: &'a mut dyn Tx,
    plans: Vec<String>,
}

impl Tx for Explained<'_> {
    fn query(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        let (explain, column) = match self.tx.dialect() {
            Dialect::Sqlite => ("EXPLAIN QUERY PLAN", 3),
            Dialect::Postgres => ("EXPLAIN (ANALYZE, COSTS OFF)", 0),
        };
        let rows = self.tx.query(&format!("{explain} {sql}"), args)?;
        let lines: Result<Vec<String>> = rows.into_iter().map(|mut row| row.text(column)).collect();
        self.plans.push(format!("{sql}\n{}\n", lines?.join("\n")));
        self.tx.query(sql, args)
    }
    fn execute(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<u64> {
        self.tx.execute(sql, args)
    }
    fn later(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<()> {
        self.tx.later(sql, args)
    }
    fn insert_many(&mut self, table: &Table, rows: &[Row]) -> Result<()> {
        self.tx.insert_many(table, rows)
    }
    fn dialect(&self) -> Dialect {
        self.tx.dialect()
    }
}

/// The plans of a page and of its count.
async fn plans(store: &Store, wanted: Search) -> Vec<String> {
    let work = move |tx: &mut dyn Tx| {
        let mut tx = Explained { tx, plans: Vec::new() };
        let mut domain = in_domain(&mut tx, 1);
        search::page(&mut domain, &wanted)?;
        search::count(&mut domain, &wanted.resource_type, &wanted.conditions)?;
        Ok(tx.plans)
    };
    store.read(work).await.unwrap()
}

/// Patients and Tasks: each Task is one Patient's, each Patient has ten.
async fn filled(store: &Store) {
    let w = world(store, 1);
    let mut plans: Vec<Plan> = Vec::new();
    for n in 0..2_000 {
        let gender = if n % 2 == 0 { "male" } else { "female" };
        let (name, born) = (format!("name{n:05}"), format!("{n:05}"));
        let rows = [(NAME, name.as_str(), 0), (GENDER, gender, 1), (BORN, born.as_str(), n)];
        plans.push(plan("Patient", &format!("p{n}"), &rows));
        let owner = format!("Patient/p{n}");
        for task in 0..10 {
            let status = if task == 0 { "draft" } else { "ready" };
            let rows = [(STATUS, status, 1), (OWNER, owner.as_str(), 0)];
            plans.push(plan("Task", &format!("t{n}-{task}"), &rows));
        }
    }
    for part in plans.chunks(2_000) {
        w.create(part.to_vec()).await;
    }
}

fn between(parameter: i64, from: &str, to: &str) -> Condition {
    let end = |value: &str, is_included| Some(End { value: value.to_owned(), is_included });
    Condition::AnyOf(vec![test(
        parameter,
        Values::Between { from: end(from, true), to: end(to, false) },
    )])
}

fn chain(parameter: i64, conditions: Vec<Condition>) -> Condition {
    let targets = vec![Target { resource_type: "Patient".to_owned(), conditions }];
    Condition::RefersTo { parameter, targets }
}

both!(show, |store| async move {
    filled(&store).await;
    let mut exact = test(STATUS, Values::Is("ready".to_owned()));
    exact.qualifier = Qualifier::Is(1);
    let exact = Condition::AnyOf(vec![exact]);
    for wanted in [
        search("Patient", &[]),
        search("Task", &[is(STATUS, "ready")]),
        search("Task", &[exact.clone()]),
        search("Task", &[exact.clone(), is(OWNER, "Patient/p7")]),
        search("Task", &[chain(OWNER, vec![is(NAME, "name00007")])]),
        search("Task", &[chain(OWNER, vec![is(GENDER, "male")])]),
        search("Patient", &[between(BORN, "00100", "00150")]),
        search("Patient", &[between(NAME, "name0012", "name0013")]),
    ] {
        for plan in plans(&store, wanted).await {
            eprintln!("{plan}");
        }
    }
});
