//! References: who refers to a resource, where references lead, and that none is
//! ever left hanging.

use std::sync::Arc;

use koppeltaal_core::Error;
use koppeltaal_store::resource::{self, Deleted};
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
        found.into_iter().map(|(kind, id)| format!("{kind}/{id}")).collect::<Vec<_>>()
    };
    assert_eq!(referring(&[LINK, OWNER], 10).await, ["Patient/q", "Task/t"]);
    assert_eq!(referring(&[LINK, OWNER], 1).await.len(), 1);
    assert_eq!(referring(&[OWNER], 10).await, ["Task/t"]);
    assert_eq!(referring(&[], 10).await, [""; 0]);
    let many: Vec<i64> = (0..300).collect();
    assert_eq!(referring(&many, 10).await, ["Patient/q", "Task/t", "Task/w"]);
    let none = w.read(|tx| resource::referring(tx, "Patient", "z", &[LINK], 10)).await;
    assert_eq!(none, []);
});

both!(references_of_a_page_are_read_at_once, |store| async move {
    let w = world(&store, 1);
    let mut both = owned("b", "p");
    both.indexed.rows.extend(owned("b", "q").indexed.rows);
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
});

/// Creates a Task for a Patient that exists, or tells that it does not.
async fn refer(store: &Store, ids: Arc<Ids>, id: String, patients: [String; 2]) -> bool {
    let w = world(store, 1);
    let mut task = owned(&id, &patients[0]);
    task.indexed.rows.extend(owned(&id, &patients[1]).indexed.rows);
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
