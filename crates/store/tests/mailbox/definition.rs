//! ActivityDefinitions.

use koppeltaal_core::event::Event;
use koppeltaal_store::both;
use koppeltaal_store::definition::{
    self, Announcement, Composed, Definition, Publication, Refusal, Visibility,
};
use koppeltaal_store::mailbox::Recipient;
use koppeltaal_store::test_support::count_audited;

use crate::world::{B, D, E, START, World, at_once, world};

const APP: i64 = 5;
const OTHER: i64 = 6;

fn from(domain: i64, applications: &[i64]) -> Visibility {
    Visibility { domain, applications: applications.to_vec() }
}

#[derive(Clone, Copy)]
struct Wanted {
    application: i64,
    identifier: &'static str,
    specific: bool,
    archived: bool,
}

fn wanted(identifier: &'static str) -> Wanted {
    Wanted { application: APP, identifier, specific: false, archived: false }
}

impl World {
    async fn create(&self, from: Visibility, wanted: Wanted) -> Result<Definition, Refusal> {
        let ids = self.ids.clone();
        let stored = self.store.write(move |tx| {
            let render = |number: i64| format!("resource {number}");
            definition::create(tx, &ids, START, &from, &publication(wanted, &render))
        });
        stored.await.unwrap().map(|(definition, _)| definition)
    }

    async fn update(
        &self,
        from: Visibility,
        number: i64,
        version: Option<String>,
        wanted: Wanted,
    ) -> Result<Definition, Refusal> {
        let ids = self.ids.clone();
        let stored = self.store.write(move |tx| {
            let render = |number: i64| format!("changed {number}");
            let publication = publication(wanted, &render);
            definition::update(tx, &ids, START, &from, number, version.as_deref(), &publication)
        });
        stored.await.unwrap().map(|(definition, _)| definition)
    }

    async fn list(&self, from: Visibility, archived: bool) -> Vec<String> {
        let counted = from.clone();
        let found =
            self.store.read(move |tx| definition::list(tx, &from, archived, 0, 100)).await.unwrap();
        let count =
            self.store.read(move |tx| definition::count(tx, &counted, archived)).await.unwrap();
        assert_eq!(count, found.len() as i64);
        found.into_iter().map(|definition| definition.identifier).collect()
    }
}

fn publication<'a>(wanted: Wanted, render: &'a dyn Fn(i64) -> String) -> Publication<'a> {
    Publication {
        application: wanted.application,
        identifier: wanted.identifier,
        domain_specific: wanted.specific,
        archived: wanted.archived,
        render,
    }
}

both!(a_definition_is_offered_where_it_should_be, |store| async move {
    let w = world(store).await;
    let d = from(D, &[APP]);
    let shared = w.create(d.clone(), wanted("shared")).await.unwrap();
    assert_eq!(shared.resource, format!("resource {}", shared.number));
    w.create(d.clone(), Wanted { specific: true, ..wanted("local") }).await.unwrap();
    w.create(d.clone(), Wanted { archived: true, ..wanted("old") }).await.unwrap();
    assert_eq!(w.list(d.clone(), false).await, ["shared", "local"]);
    assert_eq!(w.list(d.clone(), true).await, ["shared", "local", "old"]);
    assert_eq!(w.list(from(E, &[APP]), false).await, ["shared"]);
    assert_eq!(w.list(from(E, &[OTHER]), true).await, [""; 0]);
    assert_eq!(w.list(from(E, &[]), true).await, [""; 0]);
    let number = shared.number;
    let found = w.store.read(move |tx| definition::find(tx, &from(E, &[APP]), number)).await;
    assert_eq!(found.unwrap(), Some(shared));
    let found = w.store.read(move |tx| definition::find(tx, &from(E, &[]), number)).await;
    assert_eq!(found.unwrap(), None);
});

both!(changes_are_refused_for_their_reasons, |store| async move {
    let w = world(store).await;
    let d = from(D, &[APP]);
    let first = w.create(d.clone(), wanted("one")).await.unwrap();
    w.create(d.clone(), wanted("two")).await.unwrap();
    assert_eq!(w.create(d.clone(), wanted("one")).await, Err(Refusal::Duplicate));
    let n = first.number;
    let update = async |number, version: Option<&str>, wanted| {
        w.update(from(D, &[APP]), number, version.map(str::to_owned), wanted).await
    };
    assert_eq!(update(99, None, wanted("one")).await, Err(Refusal::Unknown));
    let foreign = Wanted { application: OTHER, ..wanted("one") };
    assert_eq!(update(n, None, foreign).await, Err(Refusal::NotOwner));
    let stale = Err(Refusal::VersionConflict(first.version.clone()));
    assert_eq!(update(n, Some("stale"), wanted("one")).await, stale);
    assert_eq!(update(n, None, wanted("two")).await, Err(Refusal::Duplicate));
    let changed = update(n, Some(&first.version), wanted("three")).await.unwrap();
    assert!(changed.version > first.version);
    assert_eq!(changed.resource, format!("changed {n}"));
    assert_eq!(w.list(d, true).await, ["three", "two"]);
});

both!(of_racing_publications_exactly_one_wins, |store| async move {
    let w = world(store).await;
    let other = w.process().await;
    for round in 0..10 {
        let identifier: &'static str = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"][round];
        let tasks = (0..4).map(|n| {
            let w = if n % 2 == 0 { w.clone() } else { other.clone() };
            async move { w.create(from(D, &[APP]), wanted(identifier)).await }
        });
        let results = at_once(tasks).await;
        let created: Vec<&Definition> = results.iter().filter_map(|r| r.as_ref().ok()).collect();
        assert_eq!(created.len(), 1, "{results:?}");
        let (number, version) = (created[0].number, created[0].version.clone());
        let tasks = (0..4).map(|n| {
            let w = if n % 2 == 0 { w.clone() } else { other.clone() };
            let version = version.clone();
            async move { w.update(from(D, &[APP]), number, Some(version), wanted(identifier)).await }
        });
        let results = at_once(tasks).await;
        assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 1, "{results:?}");
    }
});

both!(two_definitions_never_end_with_one_identifier, |store| async move {
    let w = world(store).await;
    let d = from(D, &[APP]);
    let first = w.create(d.clone(), wanted("first")).await.unwrap().number;
    let second = w.create(d, wanted("second")).await.unwrap().number;
    for identifier in ["a", "b", "c", "d", "e", "f"] {
        let tasks = [first, second].map(|number| {
            let w = w.clone();
            async move { w.update(from(D, &[APP]), number, None, wanted(identifier)).await }
        });
        let results = at_once(tasks).await;
        let refused = results.iter().filter(|r| **r == Err(Refusal::Duplicate)).count();
        assert_eq!(refused, 1, "{results:?}");
    }
});

both!(subscribers_are_told_in_their_own_domain, |store| async move {
    let w = world(store).await;
    let ids = w.ids.clone();
    w.store
        .write(move |tx| {
            let render = |_| String::new();
            let publication = publication(wanted("one"), &render);
            let stored = definition::create(tx, &ids, START, &from(D, &[APP]), &publication)?;
            let (definition, stamp) = stored.unwrap();
            let told = [D, E].map(|domain| Announcement {
                domain,
                feed: "feed".to_owned(),
                recipients: vec![Recipient { instance: B, announce: true }],
            });
            let composed = Composed {
                identifier: "i".to_owned(),
                focal: "focal".to_owned(),
                header: "header".to_owned(),
                entries: "entries".to_owned(),
            };
            definition::announce(tx, &ids, START, &definition, stamp, &told, &composed)
        })
        .await
        .unwrap();
    let item = w.items(B).await.remove(0);
    assert_eq!(item.event, Event::CreateOrUpdateActivityDefinition);
    assert_eq!(item.focal, "focal");
    for domain in [D, E] {
        for table in ["kt1_item", "kt1_body", "outbox"] {
            let sql = format!("SELECT COUNT(*) FROM {table} WHERE domain = {domain}");
            assert_eq!(w.number(&sql).await, 1, "{table} of {domain}");
        }
        assert_eq!(count_audited(&w.store, &format!("domain = {domain}")).await, 1);
    }
});
