//! The history of a type: every version of its resources, newest first.

use koppeltaal_core::Timestamp;
use koppeltaal_core::resource::Body;
use koppeltaal_store::resource::{self, Indexed, New, Stored};
use koppeltaal_store::{DomainTx, both};

use crate::world::{NOW, World, plan, world};

/// Creates a Task of this Device.
async fn create_of(w: &World, id: &'static str, origin: &'static str) -> Stored {
    let ids = w.ids.clone();
    w.write(move |tx| {
        let (body, indexed) = (Body::new("", ""), Indexed::default());
        let new = New { resource_type: "Task", id, origin, body: &body, indexed: &indexed };
        resource::create(tx, &ids, &new, NOW)
    })
    .await
}

both!(every_version_of_a_type_is_there_once_newest_first, |store| async move {
    let w = world(&store, 1);
    let mut made = vec![
        create_of(&w, "a", "one").await,
        create_of(&w, "b", "two").await,
        w.update(plan("Task", "a", &[])).await,
        create_of(&w, "c", "one").await,
        w.delete("Task", "b").await,
        w.update(plan("Task", "a", &[])).await,
        w.update(plan("Task", "c", &[])).await,
        w.delete("Task", "a").await,
    ];
    w.create(vec![plan("Patient", "a", &[])]).await;
    world(&store, 2).create(vec![plan("Task", "a", &[])]).await;
    assert!(made.is_sorted_by_key(|stored| stored.stamp));
    assert!(
        made.iter()
            .all(|stored| { koppeltaal_core::id::time_of_key(stored.stamp) == stored.updated })
    );
    made.reverse();
    let history = async |origins: Option<Vec<String>>, before, since, limit| {
        let work = move |tx: &mut DomainTx<'_>| {
            let origins = origins.as_deref();
            let page = resource::type_history(tx, "Task", origins, before, since, limit)?;
            Ok((page, resource::type_history_count(tx, "Task", origins, since)?))
        };
        w.read(work).await
    };
    assert_eq!(history(None, None, None, 10).await, (made.clone(), 8));
    assert_eq!(history(None, None, None, 3).await, (made[..3].to_vec(), 8));
    assert_eq!(history(None, Some(made[2].stamp), None, 4).await, (made[3..7].to_vec(), 8));
    assert_eq!(history(None, Some(made[7].stamp), None, 4).await, (vec![], 8));
    for micros in [-1, 0, 1, 999, 1000] {
        let since = Timestamp(made[4].updated.0 + micros);
        let right: Vec<Stored> = made.iter().filter(|s| s.updated >= since).cloned().collect();
        let count = right.len() as i64;
        assert_eq!(history(None, None, Some(since), 10).await, (right, count), "{micros}");
    }
    let of_one: Vec<Stored> = made.iter().filter(|s| s.origin == "one").cloned().collect();
    let one = Some(vec!["one".to_owned()]);
    assert_eq!(history(one.clone(), None, None, 10).await, (of_one.clone(), 6));
    assert_eq!(history(one, Some(of_one[1].stamp), None, 2).await, (of_one[2..4].to_vec(), 6));
    let all = ["one", "two", "three"].map(str::to_owned).to_vec();
    assert_eq!(history(Some(all), None, None, 10).await, (made, 8));
    assert_eq!(history(Some(vec![]), None, None, 10).await, (vec![], 0));
    let other = w.read(|tx| resource::type_history(tx, "Nothing", None, None, None, 9)).await;
    assert_eq!(other, []);
});

both!(the_versions_of_an_instance_are_counted, |store| async move {
    let w = world(&store, 1);
    create_of(&w, "a", "one").await;
    w.update(plan("Task", "a", &[])).await;
    w.delete("Task", "a").await;
    let all = w.read(|tx| resource::history(tx, "Task", "a", None, 9)).await;
    assert!(all.is_sorted_by(|a, b| a.stamp > b.stamp));
    let second = w.read(|tx| resource::vread(tx, "Task", "a", 2)).await;
    assert_eq!(second.as_ref(), all.get(1));
    let (current, times) = (all[0].clone(), [all[1].updated, all[0].updated]);
    let since = |since: Option<Timestamp>| {
        let current = current.clone();
        w.read(move |tx| resource::versions_since(tx, &current, since))
    };
    assert_eq!(since(None).await, (1, 3));
    assert_eq!(since(Some(times[0])).await, (2, 2));
    assert_eq!(since(Some(times[1])).await, (3, 1));
    assert_eq!(since(Some(Timestamp(times[1].0 + 1_000))).await, (4, 0));
    // An erase may take a version from among the others.
    let key = all[0].key;
    w.write(move |tx| resource::erase_version(tx, key, 2)).await;
    assert_eq!(since(None).await, (1, 2));
    assert_eq!(since(Some(times[0])).await, (3, 1));
});
