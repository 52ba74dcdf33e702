//! KT2 resources on both engines: versions, deletions, races, and that domains do
//! not meet.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use koppeltaal_core::directory::Domain;
use koppeltaal_core::resource::Body;
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::resource::{self, Deleted, Indexed, New, Stored, Updated};
use koppeltaal_store::test_support::options;
use koppeltaal_store::{DomainTx, Ids, Scope, Store, both};

const NOW: Timestamp = Timestamp(1_717_200_000_000_000);

/// One domain of a store, with the keys of one process.
#[derive(Clone)]
struct World {
    scope: Scope,
    ids: Arc<Ids>,
}

fn world(store: &Store, number: i64) -> World {
    let scope = store.scope(&Domain { number, ..Domain::default() });
    World { scope, ids: Arc::new(Ids::of_node(number)) }
}

fn body(text: &str) -> Body {
    Body::new(r#""profile":["p"]"#, &format!(r#""description":"{text}""#))
}

impl World {
    async fn create(&self, resource_type: &str, id: &str, text: &str) -> Result<Stored> {
        let (resource_type, id) = (resource_type.to_owned(), id.to_owned());
        let (ids, body) = (self.ids.clone(), body(text));
        self.scope
            .write(move |tx| {
                let new = New {
                    resource_type: &resource_type,
                    id: &id,
                    origin: "device-1",
                    body: &body,
                    indexed: &Indexed::default(),
                };
                resource::create(tx, &ids, &new, NOW)
            })
            .await
    }

    async fn update(&self, id: &str, expected: Option<i64>, text: &str) -> Updated {
        let (ids, id, body) = (self.ids.clone(), id.to_owned(), body(text));
        let work = move |tx: &mut DomainTx<'_>| {
            let indexed = Indexed::default();
            resource::update(tx, &ids, "Task", &id, expected, &body, &indexed, NOW)
        };
        self.scope.write(work).await.unwrap()
    }

    async fn updated(&self, id: &str, expected: Option<i64>, text: &str) -> Stored {
        match self.update(id, expected, text).await {
            Updated::Done(stored) => stored,
            other => panic!("{other:?}"),
        }
    }

    async fn delete(&self, id: &str, expected: Option<i64>) -> Deleted {
        let (ids, id) = (self.ids.clone(), id.to_owned());
        let work =
            move |tx: &mut DomainTx<'_>| resource::delete(tx, &ids, "Task", &id, expected, NOW);
        self.scope.write(work).await.unwrap()
    }

    async fn read(&self, id: &str) -> Option<Stored> {
        let id = id.to_owned();
        self.scope.read(move |tx| resource::read(tx, "Task", &id)).await.unwrap()
    }

    async fn vread(&self, id: &str, version: i64) -> Option<Stored> {
        let id = id.to_owned();
        self.scope.read(move |tx| resource::vread(tx, "Task", &id, version)).await.unwrap()
    }

    async fn history(&self, id: &str, before: Option<i64>, limit: i64) -> Vec<i64> {
        let id = id.to_owned();
        let work = move |tx: &mut DomainTx<'_>| resource::history(tx, "Task", &id, before, limit);
        let found = self.scope.read(work).await.unwrap();
        found.iter().map(|stored| stored.version).collect()
    }
}

both!(what_is_created_is_read, |store| async move {
    let w = world(&store, 1);
    let made = w.create("Task", "t-1", "one").await.unwrap();
    assert_eq!((made.version, made.updated, made.deleted), (1, NOW, false));
    assert_eq!((made.resource_type, made.origin.as_str()), ("Task", "device-1"));
    assert_eq!(w.read("t-1").await, Some(made.clone()));
    assert_eq!(w.vread("t-1", 1).await, Some(made.clone()));
    assert_eq!(
        made.render(),
        r#"{"resourceType":"Task","id":"t-1","meta":{"versionId":"1","lastUpdated":"2024-06-01T00:00:00.000Z","profile":["p"]},"description":"one"}"#
    );
    assert_eq!(w.read("T-1").await, None, "ids differ by case");
    let unknown = w.scope.read(|tx| resource::read(tx, "Tusk", "t-1")).await;
    assert_eq!(unknown.unwrap(), None);
    let refused = w.create("Tusk", "t-2", "").await.unwrap_err();
    assert!(matches!(refused, Error::Invalid(_)), "{refused}");
});

both!(an_id_is_taken_once_for_a_type_and_a_domain, |store| async move {
    let w = world(&store, 1);
    w.create("Task", "x", "one").await.unwrap();
    w.create("Patient", "x", "two").await.unwrap();
    world(&store, 2).create("Task", "x", "three").await.unwrap();
    let taken = w.create("Task", "x", "four").await;
    assert!(matches!(taken, Err(Error::Conflict(_))), "{taken:?}");
    w.delete("x", None).await;
    let taken = w.create("Task", "x", "five").await;
    assert!(matches!(taken, Err(Error::Conflict(_))), "{taken:?}");
});

both!(an_update_makes_the_next_version_and_keeps_the_one_before, |store| async move {
    let w = world(&store, 1);
    let first = w.create("Task", "t", "one").await.unwrap();
    let second = w.updated("t", Some(1), "two").await;
    let third = w.updated("t", None, "three").await;
    assert_eq!((second.version, third.version), (2, 3));
    assert_eq!((first.key, first.origin.clone()), (third.key, third.origin.clone()));
    // The clock stands still, the times do not, down to what is shown of them.
    let shown = [&first, &second, &third].map(|stored| stored.updated.to_instant_millis());
    assert!(shown[0] < shown[1] && shown[1] < shown[2], "{shown:?}");
    assert_eq!(w.read("t").await, Some(third.clone()));
    assert_eq!(w.vread("t", 1).await, Some(first));
    assert_eq!(w.vread("t", 2).await, Some(second));
    assert_eq!(w.vread("t", 3).await, Some(third));
    for version in [-1, 0, 4, i64::MAX] {
        assert_eq!(w.vread("t", version).await, None);
    }
});

both!(an_update_that_changes_nothing_makes_no_version, |store| async move {
    let w = world(&store, 1);
    let first = w.create("Task", "t", "one").await.unwrap();
    assert_eq!(w.update("t", Some(1), "one").await, Updated::Unchanged(first.clone()));
    assert_eq!(w.history("t", None, 10).await, [1]);
    assert_eq!(w.read("t").await, Some(first));
});

both!(a_stale_version_changes_nothing, |store| async move {
    let w = world(&store, 1);
    assert_eq!(w.update("t", None, "one").await, Updated::Unknown);
    assert_eq!(w.delete("t", None).await, Deleted::Unknown);
    w.create("Task", "t", "one").await.unwrap();
    let second = w.updated("t", Some(1), "two").await;
    // Stale even when the content is what the caller wants.
    assert_eq!(w.update("t", Some(1), "two").await, Updated::Stale(2));
    assert_eq!(w.update("t", Some(3), "three").await, Updated::Stale(2));
    assert_eq!(w.delete("t", Some(1)).await, Deleted::Stale(2));
    assert_eq!(w.read("t").await, Some(second));
});

both!(a_deletion_is_a_version_of_its_own, |store| async move {
    let w = world(&store, 1);
    let first = w.create("Task", "t", "one").await.unwrap();
    let Deleted::Done(gone) = w.delete("t", Some(1)).await else { panic!("not deleted") };
    assert_eq!((gone.version, gone.deleted), (2, true));
    assert!(gone.updated > first.updated);
    assert_eq!((&gone.body, &gone.origin), (&first.body, &first.origin));
    assert_eq!(w.read("t").await, Some(gone.clone()));
    assert_eq!(w.vread("t", 1).await, Some(first));
    assert_eq!(w.delete("t", Some(1)).await, Deleted::Already(gone.clone()));
    assert_eq!(w.update("t", Some(1), "two").await, Updated::Deleted(gone));
    assert_eq!(w.history("t", None, 10).await, [2, 1]);
});

both!(history_is_paged_newest_first, |store| async move {
    let w = world(&store, 1);
    w.create("Task", "t", "0").await.unwrap();
    for step in 1..6 {
        w.updated("t", None, &step.to_string()).await;
    }
    assert_eq!(w.history("t", None, 10).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(w.history("t", None, 2).await, [6, 5]);
    assert_eq!(w.history("t", Some(7), 1).await, [6]);
    assert_eq!(w.history("t", Some(5), 2).await, [4, 3]);
    assert_eq!(w.history("t", Some(3), 9).await, [2, 1]);
    assert_eq!(w.history("t", Some(1), 9).await, Vec::<i64>::new());
    assert_eq!(w.history("t", None, 0).await, Vec::<i64>::new());
    assert_eq!(w.history("other", None, 9).await, Vec::<i64>::new());
});

both!(domains_do_not_meet, |store| async move {
    let (one, two) = (world(&store, 1), world(&store, 2));
    // The same keys as well: those of two processes with one number.
    let one = World { ids: Arc::new(Ids::of_node(2)), ..one };
    let first = one.create("Task", "t", "one").await.unwrap();
    let second = two.create("Task", "t", "two").await.unwrap();
    assert_eq!(first.key, second.key);
    one.updated("t", Some(1), "changed").await;
    assert_eq!(two.read("t").await, Some(second.clone()));
    assert_eq!(two.history("t", None, 10).await, [1]);
    assert_eq!(two.vread("t", 2).await, None);
    one.delete("t", None).await;
    assert_eq!(two.read("t").await, Some(second));
    one.create("Task", "mine", "").await.unwrap();
    assert_eq!(two.read("mine").await, None);
    assert_eq!(two.update("mine", None, "stolen").await, Updated::Unknown);
    assert_eq!(two.delete("mine", None).await, Deleted::Unknown);
});

both!(of_updates_that_race_each_version_is_made_once, |store| async move {
    let other = Store::open(store.url(), &options()).await.unwrap();
    let w = world(&store, 1);
    w.create("Task", "t", "start").await.unwrap();
    let racers: Vec<_> = (0..8)
        .map(|racer| {
            let w = world(if racer % 2 == 0 { &store } else { &other }, 1);
            tokio::spawn(async move {
                let mut made = Vec::new();
                while made.len() < 10 {
                    let version = w.read("t").await.unwrap().version;
                    let text = format!("{racer}-{}", made.len());
                    match w.update("t", Some(version), &text).await {
                        Updated::Done(stored) => made.push(stored.version),
                        Updated::Stale(current) => assert!(current > version),
                        other => panic!("{other:?}"),
                    }
                }
                made
            })
        })
        .collect();
    let mut made = Vec::new();
    for racer in racers {
        made.extend(racer.await.unwrap());
    }
    made.sort_unstable();
    assert_eq!(made, (2..=81).collect::<Vec<i64>>());
    assert_eq!(w.history("t", None, 100).await, (1..=81).rev().collect::<Vec<i64>>());
});

both!(of_creations_that_race_one_succeeds, |store| async move {
    let other = Store::open(store.url(), &options()).await.unwrap();
    let ids = Arc::new(Ids::of_node(1));
    let racers: Vec<_> = (0..8)
        .map(|racer| {
            let w = world(if racer % 2 == 0 { &store } else { &other }, 1);
            let w = World { ids: ids.clone(), ..w };
            tokio::spawn(async move { w.create("Task", "t", &racer.to_string()).await })
        })
        .collect();
    let mut made = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(_) => made += 1,
            Err(error) => assert!(matches!(error, Error::Conflict(_)), "{error:?}"),
        }
    }
    assert_eq!(made, 1);
});
