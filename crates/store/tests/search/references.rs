//! References: who refers to a resource, where references lead, and that none is
//! ever left hanging.

use std::sync::Arc;

use koppeltaal_core::Error;
use koppeltaal_core::resource::Body;
use koppeltaal_core::search::Words;
use koppeltaal_store::resource::{self, Deleted, Indexed, Referring, Updated};
use koppeltaal_store::test_support::options;
use koppeltaal_store::{DomainTx, Ids, Store, both};

use crate::world::{LINK, NAME, NOW, OWNER, Plan, create, is, plan, world};

fn owned(id: &str, by: &str) -> Plan {
    plan("Task", id, &[(OWNER, &format!("Patient/{by}"), 0)])
}

both!(those_that_refer_to_a_resource_are_found_whatever_their_type, |store| async move {
    let w = world(&store, 1);
    let patient = |id: &str, link: &str| plan("Patient", id, &[(LINK, link, 0)]);
    w.create(vec![
        plan("Patient", "p", &[(LINK, "Patient/p", 0)]),
        patient("q", "Patient/p"),
        owned("t", "p"),
        owned("u", "p"),
        owned("v", "other"),
        plan("Task", "w", &[(NAME, "Patient/p", 0)]),
    ])
    .await;
    world(&store, 2).create(vec![owned("x", "p")]).await;
    w.delete("Task", "u").await;
    let referring = async |parameters: &[i64], limit: i64| {
        let parameters = parameters.to_vec();
        let work = move |tx: &mut DomainTx<'_>| {
            resource::referring(tx, "Patient", "p", &parameters, limit)
        };
        let mut found = w.read(work).await;
        found.sort_unstable();
        let names = found.iter().map(|one| format!("{}/{}", one.resource_type, one.id));
        names.collect::<Vec<_>>()
    };
    assert_eq!(referring(&[LINK, OWNER], 10).await, ["Patient/q", "Task/t"]);
    assert_eq!(referring(&[LINK, OWNER], 1).await.len(), 1);
    assert_eq!(referring(&[OWNER], 10).await, ["Task/t"]);
    assert_eq!(referring(&[], 10).await, [""; 0]);
    let many: Vec<i64> = (0..300).collect();
    assert_eq!(referring(&many, 10).await, ["Patient/q", "Task/t", "Task/w"]);
    let none = w.read(|tx| resource::referring(tx, "Patient", "z", &[LINK], 10)).await;
    assert_eq!(none, []);
    // The version that refers is named, so that a later one is not taken for it.
    let later = w.update(owned("t", "p")).await.stamp;
    let found = w.read(|tx| resource::referring(tx, "Patient", "p", &[OWNER], 10)).await;
    assert_eq!(found, [Referring { resource_type: "Task", id: "t".to_owned(), stamp: later }]);
});

both!(references_of_a_page_are_read_at_once, |store| async move {
    let w = world(&store, 1);
    let mut both = owned("b", "p");
    both.indexed.rows.extend(owned("b", "q").indexed.rows);
    assert!(both.indexed.rows.is_sorted());
    let made = w.create(vec![owned("a", "p"), both, owned("c", "r")]).await;
    let (a, b) = (made[0].stamp, made[1].stamp);
    let mut found = w.read(move |tx| resource::referenced(tx, &[a, b, 1], OWNER)).await;
    found.sort_unstable();
    let right = [(a, "Patient/p"), (b, "Patient/p"), (b, "Patient/q")];
    assert_eq!(found, right.map(|(stamp, value)| (stamp, value.to_owned())));
    assert_eq!(w.read(move |tx| resource::referenced(tx, &[a], LINK)).await, []);
    assert_eq!(w.read(|tx| resource::referenced(tx, &[], OWNER)).await, []);
});

both!(missing_resources_are_told_by_their_place, |store| async move {
    let w = world(&store, 1);
    w.create(vec![plan("Patient", "p", &[]), plan("Task", "p", &[]), plan("Patient", "gone", &[])])
        .await;
    w.delete("Patient", "gone").await;
    world(&store, 2).create(vec![plan("Patient", "other", &[])]).await;
    let missing = async |references: &[(&'static str, &'static str)]| {
        let references = references.to_vec();
        w.write(move |tx| resource::missing(tx, &references)).await
    };
    assert_eq!(missing(&[]).await, [0; 0]);
    assert_eq!(missing(&[("Task", "p"), ("Patient", "p"), ("Task", "p")]).await, [0; 0]);
    let wanted = [
        ("Patient", "gone"),
        ("Patient", "p"),
        ("Patient", "other"),
        ("Nothing", "p"),
        ("Task", "q"),
        ("Patient", "gone"),
    ];
    assert_eq!(missing(&wanted).await, [0, 2, 3, 4, 5]);
    // What was deleted has been there.
    let unknown = async |references: Vec<(&'static str, String)>| {
        w.read(move |tx| resource::unknown(tx, &references)).await
    };
    let named = |(kind, id): (&'static str, &str)| (kind, id.to_owned());
    assert_eq!(unknown(wanted.map(named).to_vec()).await, [2, 3, 4]);
    assert_eq!(unknown(vec![]).await, [0; 0]);
    let many = (0..500).map(|n| ("Task", if n == 400 { "p".into() } else { format!("n{n}") }));
    assert_eq!(unknown(many.collect()).await.len(), 499);
});

both!(stamps_of_many_are_those_of_their_current_versions, |store| async move {
    let w = world(&store, 1);
    let made =
        w.create((0..150).map(|n| plan("Task", &format!("t{n}"), &[])).collect::<Vec<_>>()).await;
    let deleted = w.delete("Task", "t7").await.stamp;
    let changed = w.update(plan("Task", "t100", &[])).await.stamp;
    world(&store, 2).create(vec![plan("Task", "other", &[])]).await;
    let mut wanted: Vec<(&str, String)> =
        (0..150).rev().map(|n| ("Task", format!("t{n}"))).collect();
    for (kind, id) in [("Patient", "t1"), ("Task", "other"), ("Nothing", "t1"), ("Task", "t1")] {
        wanted.push((kind, id.to_owned()));
    }
    let mut expected: Vec<Option<i64>> = made.iter().map(|one| Some(one.stamp)).collect();
    (expected[7], expected[100]) = (Some(deleted), Some(changed));
    expected.reverse();
    expected.extend([None, None, None, Some(made[1].stamp)]);
    assert_eq!(w.write(move |tx| resource::locked_stamps(tx, &wanted)).await, expected);
});

both!(whoever_holds_stamps_waits_for_changes_and_holds_off_others, |store| async move {
    let other = Store::open(store.url(), &options()).await.unwrap();
    let w = world(&store, 1);
    w.create(vec![plan("Task", "a", &[]), plan("Task", "b", &[])]).await;
    // Two processes change two resources, and each sees what the other did.
    let racers = (0..6).map(|racer| {
        let store = if racer % 2 == 0 { store.clone() } else { other.clone() };
        let ids = Arc::new(Ids::of_node(racer + 1));
        tokio::spawn(async move {
            let w = world(&store, 1);
            for step in 0..15 {
                let (ids, id) = (ids.clone(), if (step + racer) % 3 == 0 { "a" } else { "b" });
                let work = move |tx: &mut DomainTx<'_>| {
                    let names = [("Task", "b"), ("Task", "a")];
                    let held = resource::locked_stamps(tx, &names)?;
                    for (at, (kind, id)) in names.into_iter().enumerate() {
                        let current = resource::read(tx, kind, id)?.map(|known| known.stamp);
                        assert_eq!(held[at], current, "{id}");
                    }
                    let body = Body::new("", &format!(r#""n":"{racer}-{step}""#));
                    let indexed = Indexed::default();
                    resource::update(tx, &ids, "Task", id, None, &body, &indexed, NOW)
                };
                assert!(matches!(w.write(work).await, Updated::Done(_)));
            }
        })
    });
    for racer in racers.collect::<Vec<_>>() {
        racer.await.unwrap();
    }
    assert_eq!(w.rows("resource_history").await, 90);
});

/// Creates a Task for a Patient that exists, or tells that it does not.
async fn refer(store: &Store, ids: Arc<Ids>, id: String, patients: [String; 2]) -> bool {
    let w = world(store, 1);
    let mut task = owned(&id, &patients[0]);
    let rows = [task.indexed.rows, owned(&id, &patients[1]).indexed.rows].concat();
    task.indexed = Indexed::sorted(rows, Words::default());
    let work = move |tx: &mut DomainTx<'_>| {
        let references: Vec<(&str, &str)> =
            patients.iter().map(|id| ("Patient", id.as_str())).collect();
        if !resource::missing(tx, &references)?.is_empty() {
            return Ok(false);
        }
        create(tx, &ids, &task).map(|_| true)
    };
    w.write(work).await
}

/// Deletes a Patient to whom nobody refers, or tells that somebody does.
async fn remove(store: &Store, ids: Arc<Ids>, id: String) -> bool {
    let w = world(store, 1);
    let work = move |tx: &mut DomainTx<'_>| {
        match resource::delete(tx, &ids, "Patient", &id, None, NOW)? {
            Deleted::Done(_) => {}
            other => panic!("{other:?}"),
        }
        match resource::referring(tx, "Patient", &id, &[OWNER], 1)?.is_empty() {
            true => Ok(()),
            false => Err(Error::Conflict("referred to".to_owned())),
        }
    };
    match w.scope.write(work).await {
        Ok(()) => true,
        Err(Error::Conflict(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

both!(a_reference_is_never_left_hanging, |store| async move {
    let other = Store::open(store.url(), &options()).await.unwrap();
    let w = world(&store, 1);
    let patients = 40;
    w.create((0..patients).map(|n| plan("Patient", &format!("p{n}"), &[])).collect()).await;
    // Two processes: for each Patient somebody refers to it, and to the next one
    // or the one before, while somebody deletes it.
    let (one, two) = (Arc::new(Ids::of_node(3)), Arc::new(Ids::of_node(4)));
    let mut tasks = Vec::new();
    for n in 0..patients {
        let near = if n % 2 == 0 { n + 1 } else { n - 1 };
        let pair = [format!("p{n}"), format!("p{near}")];
        let (stores, ids) = ((store.clone(), other.clone()), (one.clone(), two.clone()));
        let (refers, deletes) = if n % 3 == 0 { (stores.1, stores.0) } else { stores };
        tasks.push(tokio::spawn(async move { refer(&refers, ids.0, format!("t{n}"), pair).await }));
        let ids = ids.1;
        tasks.push(tokio::spawn(async move { remove(&deletes, ids, format!("p{n}")).await }));
    }
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap());
    }
    for n in 0..patients {
        let id = format!("p{n}");
        let known = w.read(move |tx| resource::read(tx, "Patient", &id)).await.unwrap();
        let value = format!("Patient/p{n}");
        let referring = w.ids("Task", &[is(OWNER, &value)]).await;
        assert!(!known.deleted || referring.is_empty(), "{value}: {referring:?}");
        assert_eq!(known.deleted, done[n as usize * 2 + 1]);
    }
});
