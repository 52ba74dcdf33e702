//! What is asked of a resource in hand is answered as the search in SQL answers it.

use std::time::Duration;

use koppeltaal_core::Timestamp;
use koppeltaal_core::directory::Domain;
use koppeltaal_core::resource::Body;
use koppeltaal_core::search::{IndexRow, Words};
use koppeltaal_store::resource::{self, Indexed, New, Stored, search};
use koppeltaal_store::{Ids, Scope, Store, both};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::*;
use crate::matches::tests::{One, condition, one};

const NOW: Timestamp = Timestamp(1_795_314_490_000_000);

/// The parameters of the store belong to one type each.
fn number(resource_type: &str, parameter: i64) -> i64 {
    match resource_type {
        "Task" => parameter + 10,
        _ => parameter,
    }
}

/// A condition of the model as one on resources of a type.
fn of_type(name: &str, condition: Condition) -> Condition {
    let target = |target: Target| Target {
        conditions: target
            .conditions
            .into_iter()
            .map(|condition| of_type(&target.resource_type, condition))
            .collect(),
        resource_type: target.resource_type.clone(),
    };
    match condition {
        Condition::AnyOf(tests) => Condition::AnyOf(
            tests
                .into_iter()
                .map(|test| Test { parameter: number(name, test.parameter), ..test })
                .collect(),
        ),
        Condition::Not(inner) => Condition::Not(Box::new(of_type(name, *inner))),
        Condition::RefersTo { parameter, targets } => Condition::RefersTo {
            parameter: number(name, parameter),
            targets: targets.into_iter().map(target).collect(),
        },
        Condition::ReferredBy { source, parameter } => {
            let parameter = number(&source.resource_type, parameter);
            Condition::ReferredBy { source: target(source), parameter }
        }
        plain => plain,
    }
}

/// A resource of a store, and its rows.
#[derive(Clone)]
struct Known {
    stored: Stored,
    rows: Vec<IndexRow>,
    words: Words,
}

impl Known {
    fn subject(&self) -> Subject<'_> {
        Subject {
            resource_type: self.stored.resource_type,
            id: &self.stored.id,
            origin: &self.stored.origin,
            updated: self.stored.updated,
            rows: &self.rows,
            words: &self.words,
        }
    }
}

async fn create(scope: &Scope, ids: &'static Ids, all: Vec<One>) -> Vec<Known> {
    let work = move |tx: &mut DomainTx<'_>| {
        let mut known = Vec::new();
        for (place, one) in all.iter().enumerate() {
            let mut rows = one.rows.clone();
            rows.iter_mut().for_each(|row| row.parameter = number(one.name, row.parameter));
            let indexed = Indexed::sorted(rows, one.words.clone());
            let (body, id) = (Body::new("", ""), place.to_string());
            let new = New {
                resource_type: one.name,
                id: &id,
                origin: &one.origin,
                body: &body,
                indexed: &indexed,
            };
            let now = NOW.plus(Duration::from_millis(u64::try_from(place).unwrap()));
            let stored = resource::create(tx, ids, &new, now)?;
            known.push(Known { stored, rows: indexed.rows, words: indexed.words });
        }
        Ok(known)
    };
    scope.write(work).await.unwrap()
}

fn scope(store: &Store, number: i64) -> Scope {
    store.scope(&Domain { number, ..Domain::default() })
}

both!(a_resource_in_hand_meets_what_the_search_in_sql_finds, |store| async move {
    static IDS: std::sync::LazyLock<Ids> = std::sync::LazyLock::new(|| Ids::of_node(1));
    let mut runner = TestRunner::deterministic();
    let mut sample = |name, id| one(name, id).new_tree(&mut runner).unwrap().current();
    let all: Vec<One> =
        (0..24).map(|n| sample(if n % 2 == 0 { "Patient" } else { "Task" }, "")).collect();
    let scope = scope(&store, 1);
    let known = create(&scope, &IDS, all).await;
    let mut met = 0;
    for _ in 0..250 {
        let asked = condition().new_tree(&mut runner).unwrap().current();
        let known = known.clone();
        met += scope
            .read(move |tx| {
                let mut met = 0;
                for one in known.iter().skip(1).step_by(3) {
                    let name = one.stored.resource_type;
                    let asked = of_type(name, asked.clone());
                    let id = Condition::Id(vec![one.stored.id.clone()]);
                    let found = search::count(tx, name, &[id, asked.clone()])?;
                    let is_met = meets(
                        tx,
                        &Catalog::built_in(),
                        std::slice::from_ref(&asked),
                        &one.subject(),
                    )?;
                    assert_eq!(is_met, found == 1, "{asked:?} of {name}/{}", one.stored.id);
                    met += found;
                }
                Ok(met)
            })
            .await
            .unwrap();
    }
    assert!(met > 200, "many conditions are met: {met}");
});

both!(a_chain_does_not_leave_the_domain, |store| async move {
    static IDS: std::sync::LazyLock<Ids> = std::sync::LazyLock::new(|| Ids::of_node(1));
    let row = |parameter, value: &str| IndexRow { parameter, value: value.into(), qualifier: 0 };
    let one = |name, rows| One {
        name,
        id: "",
        origin: "d".to_owned(),
        updated: 0,
        rows,
        words: Words::default(),
    };
    // Each domain has Patient/0, and a Task that refers to it in the other alone.
    let both = || vec![one("Patient", vec![]), one("Task", vec![row(1, "Patient/0")])];
    let (own, other) = (scope(&store, 1), scope(&store, 2));
    let known = create(&own, &IDS, vec![one("Patient", vec![])]).await;
    create(&other, &IDS, both()).await;
    let target = |name: &str| Target { resource_type: name.to_owned(), conditions: Vec::new() };
    let referred = Condition::ReferredBy { source: target("Task"), parameter: 11 };
    let leads = Condition::RefersTo { parameter: 1, targets: vec![target("Task")] };
    let mut patient = known[0].clone();
    patient.rows = vec![row(1, "Task/1")];
    for (scope, is_met) in [(own, false), (other, true)] {
        for asked in [referred.clone(), leads.clone()] {
            let patient = patient.clone();
            let found = scope.read(move |tx| {
                meets(tx, &Catalog::built_in(), std::slice::from_ref(&asked), &patient.subject())
            });
            assert_eq!(found.await.unwrap(), is_met);
        }
    }
});

both!(a_condition_that_the_store_refuses_is_an_error, |store| async move {
    let ids = (0..1_000).map(|n| n.to_string()).collect();
    let target = Target { resource_type: "Task".to_owned(), conditions: vec![Condition::Id(ids)] };
    let asked = Condition::ReferredBy { source: target, parameter: 1 };
    let scope = scope(&store, 1);
    let found = scope.read(move |tx| {
        let words = Words::default();
        let (id, origin, updated) = ("0", "d", NOW);
        let subject =
            Subject { resource_type: "Patient", id, origin, updated, rows: &[], words: &words };
        meets(tx, &Catalog::built_in(), &[Condition::Not(Box::new(asked.clone()))], &subject)
    });
    assert!(matches!(found.await, Err(Error::Invalid(_))));
});
