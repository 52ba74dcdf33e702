//! The plans of the statements: what is looked up is read row by row, and of an order
//! no more than the page.

use std::time::Duration;

use koppeltaal_core::Result;
use koppeltaal_core::search::Span;
use koppeltaal_store::audit::{self, Lookup, Order, OrderBy, Wanted};
use koppeltaal_store::test_support::in_domain;
use koppeltaal_store::{Dialect, Tx, both};

use crate::explained::{Explained, rows};
use crate::world::{D, START, World, read, world};

const EVENTS: usize = 6_000;

fn wanted(by: OrderBy, is_descending: bool) -> Wanted {
    Wanted {
        shapes: None,
        dates: Vec::new(),
        written: Vec::new(),
        lookups: Vec::new(),
        keys: None,
        order: Order { by, is_descending },
        after: None,
        limit: 21,
    }
}

fn since(events: usize) -> Vec<Vec<Span>> {
    let from = START.plus(Duration::from_secs(events as u64));
    vec![vec![Span { from: Some(from), until: None }]]
}

/// An event a second, each of one of three thousand Tasks; one in a hundred is rare.
async fn fill(w: &World) {
    for some in (0..EVENTS).collect::<Vec<_>>().chunks(500) {
        let mut entries = Vec::new();
        for n in some {
            let shape = if n % 100 == 0 { "{\"rare\":1}" } else { "{}" };
            let task = format!("Task/{}", n % 3_000);
            let mut entry = read(START.plus(Duration::from_secs(*n as u64)), shape, &task);
            entry.trace_id = Some(format!("trace-{}", n % 500));
            entries.push(entry);
        }
        w.append(&entries).await;
    }
}

/// What each statement on the tables of a month reads.
async fn plans(w: &World, wanted: Wanted, counts: bool) -> Vec<String> {
    let work = move |tx: &mut dyn Tx| -> Result<Vec<String>> {
        let mut tx = Explained { tx, plans: Vec::new() };
        let mut domain = in_domain(&mut tx, D);
        assert!(!audit::events(&mut domain, &wanted)?.is_empty(), "{wanted:?}");
        if counts {
            assert!(audit::count_events(&mut domain, &wanted)? > 0);
        }
        let of_month = |plan: &String| plan.contains(" audit_2026");
        Ok(tx.plans.into_iter().filter(of_month).collect())
    };
    w.store.read(work).await.unwrap()
}

/// Refuses a plan that reads all events, or (where the engine tells) more than `most`.
fn check(dialect: Dialect, plan: &str, index: &str, most: u64) {
    match dialect {
        Dialect::Sqlite => {
            assert!(plan.contains(index) && !plan.contains("SCAN "), "{index}: {plan}");
        }
        Dialect::Postgres => {
            // The keys that are looked up are no rows.
            let is_row = |line: &str| !line.contains("Function Scan on unnest");
            let is_too_much =
                |line: &&str| line.contains("Seq Scan on") || (is_row(line) && rows(line) > most);
            assert_eq!(plan.lines().find(is_too_much), None, "{plan}");
        }
    }
}

both!(what_is_looked_up_is_read_row_by_row, |store| async move {
    let w = world(store).await;
    fill(&w).await;
    let dialect = w.store.dialect();
    let by_key = "USING PRIMARY KEY (domain=? AND id=?)";
    for lookups in [
        vec![vec![Lookup::Entity("Task/77".to_owned())]],
        vec![vec![Lookup::Entity("Task/77".to_owned()), Lookup::Entity("Task/78".to_owned())]],
        vec![vec![Lookup::Trace("trace-77".to_owned())]],
        vec![
            vec![Lookup::Entity("Task/77".to_owned())],
            vec![Lookup::Trace("trace-77".to_owned())],
        ],
    ] {
        for (by, is_descending) in
            [(OrderBy::Date, true), (OrderBy::Date, false), (OrderBy::Key, true)]
        {
            let plain = Wanted { lookups: lookups.clone(), ..wanted(by, is_descending) };
            let mut narrowed = plain.clone();
            narrowed.shapes = Some(vec![1, 2]);
            narrowed.dates = since(10);
            narrowed.written = since(20);
            let begin = if is_descending { i64::MAX } else { 0 };
            let page = Wanted { after: Some((begin, begin)), ..narrowed.clone() };
            for (wanted, counts) in [(plain, true), (narrowed, true), (page, false)] {
                for plan in plans(&w, wanted.clone(), counts).await {
                    check(dialect, &plan, by_key, 40);
                    assert!(!plan.contains("_date"), "{plan}");
                }
            }
        }
    }
});

both!(a_page_in_the_order_of_dates_reads_no_more, |store| async move {
    let w = world(store).await;
    fill(&w).await;
    let dialect = w.store.dialect();
    for is_descending in [true, false] {
        let plain = wanted(OrderBy::Date, is_descending);
        let of_shape = Wanted { shapes: Some(vec![2]), ..plain.clone() };
        let recent = Wanted { dates: since(EVENTS - 50), ..of_shape.clone() };
        let middle = START.plus(Duration::from_secs(EVENTS as u64 / 2)).0;
        let later = Wanted { after: Some((middle, 0)), ..of_shape.clone() };
        for wanted in [plain, of_shape, recent, later] {
            for plan in plans(&w, wanted, false).await {
                check(dialect, &plan, "USING COVERING INDEX audit_202611_date", 40);
            }
        }
    }
    let recent = Wanted { dates: since(EVENTS - 50), ..wanted(OrderBy::Date, true) };
    for plan in plans(&w, recent, true).await {
        check(dialect, &plan, "USING COVERING INDEX audit_202611_date", 60);
    }
});

both!(a_page_of_the_newest_reads_no_more, |store| async move {
    let w = world(store).await;
    fill(&w).await;
    let newest = Wanted { shapes: Some(vec![1, 2]), ..wanted(OrderBy::Key, true) };
    for plan in plans(&w, newest, false).await {
        check(w.store.dialect(), &plan, "USING PRIMARY KEY (domain=?", 40);
    }
});
