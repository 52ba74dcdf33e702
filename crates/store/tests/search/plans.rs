//! The plans of the statements: a search reads what it finds and little else,
//! whatever the engine thinks of the sizes of its tables.

use koppeltaal_core::search::{Condition, End, Qualifier, SortBy, SortKey, Target, Test, Values};
use koppeltaal_store::resource::search::{self, Search};
use koppeltaal_store::test_support::in_domain;
use koppeltaal_store::{Dialect, Ids, Store, Tx, both};

use koppeltaal_core::resource::Body;
use koppeltaal_store::resource::{self, Indexed};

use crate::explained::{Explained, rows};
use crate::world::{BORN, GENDER, NAME, NOW, OWNER, Plan, STATUS, is, plan, search, test, world};

/// The plans of a page and of its count.
async fn plans(store: &Store, wanted: Search) -> Vec<String> {
    let work = move |tx: &mut dyn Tx| {
        let mut tx = Explained { tx, plans: Vec::new() };
        let mut domain = in_domain(&mut tx, 1);
        let page = search::page(&mut domain, &wanted)?;
        let count = search::count(&mut domain, &wanted.resource_type, &wanted.conditions)?;
        assert!(!page.found.is_empty() && count > 0, "{wanted:?}");
        Ok(tx.plans)
    };
    store.read(work).await.unwrap()
}

/// Refuses a plan that reads a whole table or range, or (where the engine tells)
/// more than `most` rows.
fn check(dialect: Dialect, plan: &str, most: u64) {
    for line in plan.lines().map(str::trim_start) {
        let reads_all = match dialect {
            // Tables are called x1, r, w2; sub-selects c, d3, and a list w. The
            // smallest type (f) is the first entry of its index.
            Dialect::Sqlite => {
                let table = line.strip_prefix("SCAN ").unwrap_or_default();
                (table != "w" && table.starts_with(['x', 'r', 'w', 's']))
                    || (line.contains("(domain=?)") && !line.starts_with("SEARCH f "))
            }
            Dialect::Postgres => line.contains("Seq Scan on") || rows(line) > most,
        };
        assert!(!reads_all, "{line}\n{plan}");
    }
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

/// One of several exact values.
fn one_of(parameter: i64, count: usize) -> Condition {
    let name = |n| Values::Is(format!("name{n:05}"));
    Condition::AnyOf((0..count).map(|n| test(parameter, name(n))).collect())
}

/// The same of the rows of more parameters, two of which have none.
fn shared(condition: Condition) -> Condition {
    let Condition::AnyOf(tests) = condition else { return condition };
    let test =
        |test: Test| [test.parameter, 31, 32].map(|parameter| Test { parameter, ..test.clone() });
    Condition::AnyOf(tests.into_iter().flat_map(test).collect())
}

fn chain(parameter: i64, conditions: Vec<Condition>) -> Condition {
    let targets = vec![Target { resource_type: "Patient".to_owned(), conditions }];
    Condition::RefersTo { parameter, targets }
}

both!(a_search_reads_what_it_finds_and_little_else, |store| async move {
    filled(&store).await;
    let (by_value, by_stamp) = match store.dialect() {
        Dialect::Sqlite => (
            "search_index_primary",
            "x2 EXISTS USING COVERING INDEX search_index_stamp (domain=? AND stamp=?",
        ),
        Dialect::Postgres => ("search_index_pkey", "using search_index_stamp on search_index x2"),
    };
    let mut ready = test(STATUS, Values::Is("ready".to_owned()));
    ready.qualifier = Qualifier::Is(1);
    let ready = Condition::AnyOf(vec![ready]);
    let either = [ready.clone(), is(STATUS, "draft")].map(|condition| match condition {
        Condition::AnyOf(tests) => tests,
        _ => Vec::new(),
    });
    let either = Condition::AnyOf(either.concat());
    for (wanted, index) in [
        // One token.
        (search("Patient", &[is(NAME, "name00007")]), by_value),
        (search("Task", &[is(OWNER, "Patient/p7")]), by_value),
        // Owner and status.
        (search("Task", &[ready.clone(), is(OWNER, "Patient/p7")]), by_value),
        (search("Task", &[is(OWNER, "Patient/p7"), either]), by_stamp),
        // A chain, and the way back.
        (search("Task", &[chain(OWNER, vec![is(NAME, "name00007")])]), by_value),
        (search("Patient", &[referred_by(vec![is(OWNER, "Patient/p7")])]), by_value),
        // A range of dates, a prefix of a text, an id.
        (search("Patient", &[between(BORN, "00100", "00150")]), by_value),
        (search("Patient", &[between(NAME, "name0012", "name0013")]), by_value),
        (
            search("Patient", &[Condition::Id(vec!["p7".to_owned()]), is(GENDER, "female")]),
            "resource_id",
        ),
        // An order of another kind.
        (
            Search {
                sort: vec![SortKey { by: SortBy::Parameter(vec![BORN]), is_descending: true }],
                ..search("Patient", &[between(NAME, "name0012", "name0013")])
            },
            "search_index_stamp",
        ),
        // Rows that several parameters share.
        (search("Patient", &[shared(one_of(NAME, 10))]), by_value),
        (search("Patient", &[shared(is(NAME, "name00007"))]), by_value),
        (search("Patient", &[shared(between(NAME, "name0012", "name0013"))]), by_value),
        (
            search("Patient", &[shared(between(NAME, "name0012", "name0013")), is(GENDER, "male")]),
            by_value,
        ),
        (
            search("Patient", &[is(NAME, "name00007"), shared(between(NAME, "n", "o"))]),
            "search_index_stamp",
        ),
        (
            Search {
                sort: vec![SortKey {
                    by: SortBy::Parameter(vec![BORN, NAME]),
                    is_descending: false,
                }],
                ..search("Patient", &[shared(between(NAME, "name0012", "name0013"))])
            },
            "search_index_stamp",
        ),
    ] {
        let shown = format!("{wanted:?}");
        let plans = plans(&store, wanted).await;
        for plan in &plans {
            check(store.dialect(), plan, 120);
        }
        let plans = plans.join("\n").replace(
            "USING PRIMARY KEY (domain=? AND parameter=? AND value",
            "search_index_primary",
        );
        assert!(plans.contains(index), "{shown} without {index}:\n{plans}");
    }
});

both!(a_page_of_a_long_list_ends_the_walk, |store| async move {
    filled(&store).await;
    let mut ready = test(STATUS, Values::Is("ready".to_owned()));
    ready.qualifier = Qualifier::Is(1);
    for (resource_type, conditions) in [
        ("Task", vec![]),
        ("Task", vec![is(STATUS, "ready")]),
        ("Task", vec![Condition::AnyOf(vec![ready])]),
        ("Task", vec![Condition::Not(Box::new(is(STATUS, "draft")))]),
        ("Task", vec![chain(OWNER, vec![is(GENDER, "male")])]),
    ] {
        for wanted in [true, false] {
            let mut page = search(resource_type, &conditions);
            page.sort = vec![SortKey { by: SortBy::Updated, is_descending: wanted }];
            let shown = format!("{page:?}");
            let work = move |tx: &mut dyn Tx| {
                let mut tx = Explained { tx, plans: Vec::new() };
                let mut domain = in_domain(&mut tx, 1);
                let first = search::page(&mut domain, &page)?;
                page.after = first.next;
                search::page(&mut domain, &page)?;
                Ok(tx.plans)
            };
            for plan in store.read(work).await.unwrap() {
                check(store.dialect(), &plan, 2_001);
                assert!(!plan.contains("TEMP B-TREE"), "{shown}\n{plan}");
            }
        }
    }
});

both!(a_write_touches_the_rows_of_its_resource_alone, |store| async move {
    filled(&store).await;
    let work = move |tx: &mut dyn Tx| {
        let mut tx = Explained { tx, plans: Vec::new() };
        let mut domain = in_domain(&mut tx, 1);
        let references = [("Patient", "p7"), ("Task", "t7-1"), ("Patient", "none")];
        assert_eq!(resource::missing(&mut domain, &references)?, [2]);
        assert_eq!(resource::unknown(&mut domain, &references)?, [2]);
        let stamps = resource::locked_stamps(&mut domain, &references)?;
        assert_eq!(stamps.iter().flatten().count(), 2);
        let found = resource::referring(&mut domain, "Patient", "p7", &[OWNER, NAME], 100)?;
        assert_eq!(found.len(), 10);
        assert_eq!(resource::by_ids(&mut domain, &references)?.len(), 2);
        let ids = Ids::of_node(9);
        let body = Body::new("", r#""n":1"#);
        let indexed = Indexed::default();
        resource::update(&mut domain, &ids, "Task", "t7-1", None, &body, &indexed, NOW)?;
        resource::delete(&mut domain, &ids, "Task", "t7-1", None, NOW)?;
        resource::type_history(&mut domain, "Task", None, None, None, 10)?;
        resource::erase_versions(&mut domain, 7, 2)?;
        resource::erase(&mut domain, "Task", "t7-1")?;
        Ok(tx.plans)
    };
    let plans = store.write(work).await.unwrap();
    for plan in &plans {
        check(store.dialect(), plan, 20);
        if plan.starts_with("DELETE FROM search_index") {
            assert!(plan.contains("search_index_stamp"), "{plan}");
        }
    }
});

fn referred_by(conditions: Vec<Condition>) -> Condition {
    let source = Target { resource_type: "Task".to_owned(), conditions };
    Condition::ReferredBy { source, parameter: OWNER }
}
