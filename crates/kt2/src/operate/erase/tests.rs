//! Erasures while others write, on both engines.

use std::collections::BTreeSet;

use koppeltaal_core::directory::Domain;
use koppeltaal_core::{Clock, Timestamp};
use koppeltaal_fhir::{Node, json};
use koppeltaal_store::resource::{New, Updated};
use koppeltaal_store::{Ids, Store, args, both};

use super::*;
use crate::catalog::Catalog;
use crate::content::body;

const BASE: &str = "https://kt.example/fhir";
const ONE: Limits = Limits { resources: 1, versions: 1 };

/// A clock that stands still.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(1_795_314_490_000_000)
    }
}

fn operator(store: &Store) -> Operator {
    Operator {
        store: store.clone(),
        ids: Arc::new(Ids::of_node(1)),
        clock: Arc::new(Still),
        domain: Arc::new(Domain { number: 1, ..Domain::default() }),
        base: BASE.to_owned(),
        bases: vec![BASE.to_owned()],
        agent: "test".to_owned(),
    }
}

/// Stores resources of this JSON, each the first or the next version.
async fn put(operator: &Operator, texts: &[&str]) {
    for text in texts {
        let node = json::parse(text.as_bytes()).unwrap();
        let ids = operator.ids.clone();
        let write = move |tx: &mut DomainTx<'_>| {
            let kind = node.resource_type().unwrap_or_default();
            let id = node.get("id").and_then(Node::as_str).unwrap_or_default();
            let (body, indexed) = (body(&node), Catalog::built_in().index(&node, Some(BASE)));
            if resource::read(tx, kind, id)?.is_none() {
                let new =
                    New { resource_type: kind, id, origin: "d", body: &body, indexed: &indexed };
                return resource::create(tx, &ids, &new, Still.now()).map(|_| ());
            }
            match resource::update(tx, &ids, kind, id, None, &body, &indexed, Still.now())? {
                Updated::Done(_) => Ok(()),
                other => Err(Error::internal(format!("{other:?}"))),
            }
        };
        operator.scope().write(write).await.unwrap();
    }
}

fn patient(id: &str, change: usize) -> String {
    format!(r#"{{"resourceType":"Patient","id":"{id}","language":"x{change}"}}"#)
}

fn task(id: &str, of: &str, more: &str) -> String {
    format!(r#"{{"resourceType":"Task","id":"{id}","for":{{"reference":"Patient/{of}"}}{more}}}"#)
}

fn part(id: &str, of: &str, whole: &str) -> String {
    task(id, of, &format!(r#","partOf":[{{"reference":"Task/{whole}"}}]"#))
}

/// The patients Zoë and Bart.
async fn world(store: &Store) -> Operator {
    let operator = operator(store);
    put(&operator, &[&patient("zoe", 1), &patient("bart", 1)]).await;
    operator
}

async fn planned(operator: &Operator) -> Arc<Plan> {
    Arc::new(plan::plan(operator, "zoe").await.unwrap().unwrap())
}

/// What there is: type, id, and the numbers of the versions.
async fn left(operator: &Operator) -> BTreeSet<String> {
    let read = |tx: &mut DomainTx<'_>| {
        let mut all = BTreeSet::new();
        for stored in resource::walk(tx, 0, None, 1_000)? {
            let (kind, id) = (stored.resource_type, &stored.id);
            let versions = resource::history(tx, kind, id, None, 1_000)?;
            let numbers: Vec<String> = versions.iter().map(|one| one.version.to_string()).collect();
            all.insert(format!("{id}:{}", numbers.join(",")));
        }
        Ok(all)
    };
    operator.scope().read(read).await.unwrap()
}

async fn is_left(operator: &Operator, expected: &[&str]) {
    assert_eq!(left(operator).await, expected.iter().map(|one| (*one).to_owned()).collect());
}

/// Erases what is there now; its type and id, in order.
async fn erased(operator: &Operator) -> Vec<String> {
    let done = erase(operator, "zoe", false).await.unwrap().unwrap();
    assert_eq!(done.remaining, []);
    done.resources.into_iter().map(|(_, id)| id).collect()
}

/// The rows of the audit trail.
async fn audited(operator: &Operator) -> i64 {
    koppeltaal_store::test_support::count_audited(&operator.store, "1 = 1").await
}

async fn rows(operator: &Operator, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM {table}");
    let count = move |tx: &mut dyn koppeltaal_store::Tx| {
        tx.query_one(&sql, args![])?.unwrap_or_default().int(0)
    };
    operator.store.read(count).await.unwrap()
}

both!(what_is_about_somebody_else_by_now_stays, |store| async move {
    let operator = world(&store).await;
    put(&operator, &[&task("moved", "zoe", ""), &task("t", "zoe", "")]).await;
    let plan = planned(&operator).await;
    put(&operator, &[&task("moved", "bart", "")]).await;
    let mut done = Erasure::default();
    let batches = batches(&plan, LIMITS);
    assert_eq!(batches.len(), 1);
    assert!(!carry_out(&operator, "zoe", &plan, batches, &mut done).await.unwrap());
    is_left(&operator, &["bart:1", "moved:2,1", "t:1", "zoe:1"]).await;
    assert_eq!((audited(&operator).await, done), (0, Erasure::default()));
    // Planned again: it stays, and what it said about the patient goes.
    assert_eq!(erased(&operator).await, ["t", "zoe"]);
    is_left(&operator, &["bart:1", "moved:2"]).await;
});

both!(what_was_a_part_of_it_stays_with_it, |store| async move {
    let operator = world(&store).await;
    let all = [task("whole", "zoe", ""), part("part", "bart", "whole"), part("x", "bart", "whole")];
    put(&operator, &all.each_ref().map(String::as_str)).await;
    put(&operator, &[&task("x", "bart", "")]).await;
    let plan = planned(&operator).await;
    assert_eq!((plan.items.len(), plan.versions.len()), (3, 1));
    put(&operator, &[&task("whole", "bart", "")]).await;
    // Neither the part nor the earlier version of `x` has changed itself.
    for limits in [LIMITS, ONE] {
        let (batches, mut done) = (batches(&plan, limits), Erasure::default());
        assert!(!carry_out(&operator, "zoe", &plan, batches, &mut done).await.unwrap());
        let all = ["bart:1", "part:1", "whole:2,1", "x:2,1", "zoe:1"];
        is_left(&operator, &all).await;
    }
    assert_eq!(erased(&operator).await, ["zoe"]);
    is_left(&operator, &["bart:1", "part:1", "whole:2", "x:2,1"]).await;
});

both!(an_erasure_that_is_broken_off_is_completed_by_the_next, |store| async move {
    let operator = world(&store).await;
    let all = [
        task("t0", "zoe", ""),
        part("t1", "bart", "t0"),
        part("t2", "bart", "t1"),
        part("x", "bart", "t1"),
        task("x", "bart", ""),
        task("t0", "zoe", r#","language":"nl""#),
        patient("zoe", 2),
        patient("zoe", 3),
        patient("zoe", 4),
    ];
    put(&operator, &all.each_ref().map(String::as_str)).await;
    let plan = planned(&operator).await;
    let all = batches(&plan, ONE);
    let steps: [&[&str]; 7] = [
        &["bart:1", "x:2,1", "t2:1", "t1:1", "t0:2,1", "zoe:4,3,2,1"],
        // The version of `x` goes no later than what it refers to.
        &["bart:1", "x:2", "t1:1", "t0:2,1", "zoe:4,3,2,1"],
        &["bart:1", "x:2", "t0:2,1", "zoe:4,3,2,1"],
        &["bart:1", "x:2", "zoe:4,3,2,1"],
        &["bart:1", "x:2", "zoe:4,3,2"],
        &["bart:1", "x:2", "zoe:4,3"],
        &["bart:1", "x:2"],
    ];
    assert_eq!(all.len(), steps.len() - 1);
    for (batch, step) in all.into_iter().zip(&steps) {
        is_left(&operator, step).await;
        // A plan of this moment has what is left.
        assert_eq!(planned(&operator).await.items.len(), step.len() - 2, "{step:?}");
        let mut done = Erasure::default();
        assert!(carry_out(&operator, "zoe", &plan, vec![batch], &mut done).await.unwrap());
    }
    is_left(&operator, &["bart:1", "x:2"]).await;
    assert_eq!(audited(&operator).await, 6);
    assert_eq!(rows(&operator, "resource_history").await, 0);
    assert!(erase(&operator, "zoe", false).await.unwrap().is_none());
});

both!(what_comes_meanwhile_goes_with_the_rest, |store| async move {
    let operator = world(&store).await;
    put(&operator, &[&task("t0", "zoe", ""), &task("t1", "zoe", "")]).await;
    let plan = planned(&operator).await;
    let (mut all, mut done) = (batches(&plan, ONE), Erasure::default());
    let rest = all.split_off(1);
    assert!(carry_out(&operator, "zoe", &plan, all, &mut done).await.unwrap());
    put(&operator, &[&task("t2", "zoe", "")]).await;
    assert!(!carry_out(&operator, "zoe", &plan, rest, &mut done).await.unwrap());
    // Of the plan, what nobody refers to is gone; the Patient is not.
    assert_eq!(done.resources.len(), 2);
    is_left(&operator, &["bart:1", "t2:1", "zoe:1"]).await;
    assert_eq!(erased(&operator).await, ["t2", "zoe"]);
    is_left(&operator, &["bart:1"]).await;
});
