//! What a version is found by comes and goes with it.

use koppeltaal_core::search::{Condition, Place, Words};
use koppeltaal_store::resource::{self, Indexed};
use koppeltaal_store::{DomainTx, both};

use crate::world::{NAME, Plan, is, plan, world};

fn with_words(id: &str, name: &str, words: &str) -> Plan {
    let mut plan = plan("Patient", id, &[(NAME, name, 0), (NAME, name, 0)]);
    plan.indexed.words = Words { narrative: String::new(), content: format!(" {words} ") };
    plan
}

fn says(word: &str) -> Condition {
    Condition::Words(Place::Content, vec![word.to_owned()])
}

both!(only_the_current_version_is_found, |store| async move {
    let w = world(&store, 1);
    w.create(vec![with_words("a", "one", "early"), with_words("b", "one", "other")]).await;
    assert_eq!(w.ids("Patient", &[is(NAME, "one")]).await, ["b", "a"]);
    assert_eq!(w.ids("Patient", &[says("early")]).await, ["a"]);
    w.update(with_words("a", "two", "late")).await;
    assert_eq!(w.ids("Patient", &[is(NAME, "one")]).await, ["b"]);
    assert_eq!(w.ids("Patient", &[is(NAME, "two")]).await, ["a"]);
    assert_eq!(w.ids("Patient", &[says("early")]).await, [""; 0]);
    assert_eq!(w.ids("Patient", &[says("late")]).await, ["a"]);
    assert_eq!(w.ids("Patient", &[]).await, ["a", "b"]);
    assert_eq!((w.rows("search_index").await, w.rows("resource_words").await), (2, 2));
    w.delete("Patient", "a").await;
    assert_eq!(w.ids("Patient", &[is(NAME, "two")]).await, [""; 0]);
    assert_eq!(w.ids("Patient", &[]).await, ["b"]);
    assert_eq!(w.count("Patient", &[]).await, 1);
    assert_eq!((w.rows("search_index").await, w.rows("resource_words").await), (1, 1));
});

both!(what_is_searched_by_changes_without_a_version, |store| async move {
    let w = world(&store, 1);
    let old = w.create(vec![with_words("a", "one", "early")]).await.remove(0);
    let reindex = async |known: &resource::Stored, indexed: Indexed| {
        let known = known.clone();
        w.write(move |tx| resource::reindex(tx, &known, &indexed)).await
    };
    assert!(reindex(&old, with_words("a", "two", "late").indexed).await);
    assert_eq!(w.ids("Patient", &[is(NAME, "two"), says("late")]).await, ["a"]);
    assert_eq!(w.ids("Patient", &[is(NAME, "one")]).await, [""; 0]);
    let new = w.update(with_words("a", "three", "last")).await;
    assert!(!reindex(&old, Indexed::default()).await, "another version indexed itself");
    assert_eq!(w.ids("Patient", &[is(NAME, "three")]).await, ["a"]);
    let gone = w.delete("Patient", "a").await;
    for known in [old, new, gone] {
        assert!(!reindex(&known, with_words("a", "four", "gone").indexed).await);
    }
    assert_eq!(w.rows("search_index").await, 0);
});

both!(an_erased_resource_leaves_nothing, |store| async move {
    let w = world(&store, 1);
    let erase = async |id: &str| {
        let id = id.to_owned();
        w.write(move |tx| resource::erase(tx, "Patient", &id)).await
    };
    w.create(vec![with_words("a", "one", "x"), with_words("b", "one", "x")]).await;
    w.update(with_words("a", "two", "y")).await;
    w.update(with_words("b", "two", "y")).await;
    w.delete("Patient", "b").await;
    assert!(!erase("c").await);
    assert!(erase("b").await && !erase("b").await);
    assert_eq!(w.ids("Patient", &[is(NAME, "two")]).await, ["a"]);
    assert_eq!(w.rows("resource_history").await, 1);
    assert!(erase("a").await);
    for table in ["resource", "resource_history", "search_index", "resource_words"] {
        assert_eq!(w.rows(table).await, 0, "{table}");
    }
    // The id is free again.
    w.create(vec![with_words("a", "one", "x")]).await;
    let read = |tx: &mut DomainTx<'_>| resource::read(tx, "Patient", "a");
    assert_eq!(w.read(read).await.unwrap().version, 1);
});

both!(versions_go_before_the_rest_of_a_resource_that_has_many, |store| async move {
    let w = world(&store, 1);
    let a =
        w.create(vec![with_words("a", "one", "x"), with_words("b", "one", "x")]).await.remove(0);
    for n in 2..8 {
        w.update(with_words("a", &n.to_string(), "y")).await;
    }
    w.update(with_words("b", "two", "y")).await;
    world(&store, 2).create(vec![with_words("a", "one", "x")]).await;
    world(&store, 2).update(with_words("a", "two", "x")).await;
    w.write(move |tx| resource::erase_versions(tx, a.key, 5)).await;
    let left = w.read(|tx| resource::history(tx, "Patient", "a", None, 10)).await;
    assert_eq!(left.iter().map(|one| one.version).collect::<Vec<_>>(), [7, 6, 5]);
    assert_eq!(w.ids("Patient", &[is(NAME, "7")]).await, ["a"]);
    assert_eq!(w.rows("resource_history").await, 4);
});

both!(resources_are_read_by_many_ids_at_once, |store| async move {
    let w = world(&store, 1);
    let plans = (0..150).map(|n| plan("Patient", &format!("p{n}"), &[])).collect();
    w.create(plans).await;
    w.create(vec![plan("Task", "p1", &[]), plan("Task", "t", &[])]).await;
    w.delete("Patient", "p5").await;
    world(&store, 2).create(vec![plan("Patient", "other", &[])]).await;
    let mut wanted: Vec<(String, String)> =
        (0..150).map(|n| ("Patient".to_owned(), format!("p{n}"))).collect();
    for (kind, id) in [("Task", "p1"), ("Task", "p1"), ("Patient", "other"), ("Nothing", "p1")] {
        wanted.push((kind.to_owned(), id.to_owned()));
    }
    let found = w.read(move |tx| resource::by_ids(tx, &wanted)).await;
    let tasks = found.iter().filter(|stored| stored.resource_type == "Task").count();
    assert_eq!((found.len(), tasks), (150, 1));
    assert!(found.iter().all(|stored| stored.id != "p5" && stored.id != "other"));
    let none: [(&str, &str); 0] = [];
    assert!(w.read(move |tx| resource::by_ids(tx, &none)).await.is_empty());
});
