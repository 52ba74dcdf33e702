//! StorageItems on both engines: every statement is run, limits hold however many write at once, and
//! what they take is always what is counted.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::Domain;
use koppeltaal_core::version::Stamp;
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::storage_item::{
    self, Change, Draft, KeyTest, Limits, Owner, Page, Refusal, Search, Usage,
};
use koppeltaal_store::{DomainTx, Ids, Scope, Store, args, both};

const START: Timestamp = Timestamp(1_717_200_000_000_000);
const LIMITS: Limits = Limits { items: 5, bytes: 1000, domain_bytes: Some(2000) };
const APP: i64 = 3;

fn at(seconds: i64) -> Timestamp {
    Timestamp(START.0 + seconds * 1_000_000)
}

fn owner(patient: Option<&str>) -> Owner {
    Owner { application: APP, patient: patient.map(str::to_owned) }
}

fn draft(id: i64, patient: &str, key: &str, size: i64) -> Draft {
    Draft {
        id,
        application: APP,
        patient: patient.to_owned(),
        object_type: "save".to_owned(),
        object_key: key.to_owned(),
        size,
        content: format!("sealed {id}").into_bytes(),
    }
}

fn change(draft: Draft) -> Change {
    Change { draft, limits: LIMITS, audit: Entry::new(Action::Create, START, "a") }
}

#[derive(Clone)]
struct World {
    store: Store,
    ids: Arc<Ids>,
}

impl World {
    async fn new(store: Store) -> Self {
        let ids = Arc::new(Ids::take(&store).await.unwrap());
        Self { store, ids }
    }

    fn scope(&self, number: i64) -> Scope {
        self.store.scope(&Domain { number, ..Domain::default() })
    }

    async fn create(&self, draft: Draft) -> Result<Result<Stamp, Refusal>> {
        let (ids, change) = (self.ids.clone(), change(draft));
        let now = at(change.draft.id);
        self.scope(1).write(move |tx| storage_item::create(tx, &ids, now, &change)).await
    }

    async fn update(
        &self,
        owner: Owner,
        draft: Draft,
        version: Option<String>,
    ) -> Result<Result<Stamp, Refusal>> {
        let (ids, change) = (self.ids.clone(), change(draft));
        self.scope(1)
            .write(move |tx| {
                storage_item::update(tx, &ids, at(100), &owner, version.as_deref(), &change)
            })
            .await
    }

    async fn delete(&self, owner: Owner, id: i64) -> Result<(), Refusal> {
        let (ids, audit) = (self.ids.clone(), Entry::new(Action::Delete, START, "a"));
        self.scope(1)
            .write(move |tx| storage_item::delete(tx, &ids, &owner, id, &audit))
            .await
            .unwrap()
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut DomainTx<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.scope(1).read(work).await.unwrap()
    }

    /// What is counted is what is there, in every row.
    async fn check_usage(&self) -> Usage {
        for sql in [
            "SELECT COUNT(*) FROM storage_usage u WHERE u.items <= 0 OR u.items <>
               (SELECT COUNT(*) FROM storage_item i WHERE i.domain = u.domain
                AND i.application = u.application AND i.patient = u.patient)",
            "SELECT COUNT(*) FROM storage_usage u WHERE u.bytes <>
               (SELECT SUM(size) FROM storage_item i WHERE i.domain = u.domain
                AND i.application = u.application AND i.patient = u.patient)",
            "SELECT COUNT(*) FROM storage_total t WHERE t.items <>
               (SELECT COUNT(*) FROM storage_item i WHERE i.domain = t.domain) OR t.bytes <>
               (SELECT COALESCE(SUM(size), 0) FROM storage_item i WHERE i.domain = t.domain)",
        ] {
            let row = self.store.read(move |tx| tx.query_one(sql, args![])).await.unwrap();
            assert_eq!(row.unwrap().int(0).unwrap(), 0, "{sql}");
        }
        self.read(storage_item::total).await
    }
}

both!(an_item_goes_through_its_life, |store| async move {
    let w = World::new(store).await;
    let first = w.create(draft(1, "p", "k", 100)).await.unwrap().unwrap();
    let find = |owner: Owner| w.read(move |tx| storage_item::find(tx, &owner, 1));
    let found = find(owner(None)).await.unwrap();
    assert_eq!((found.id, found.stamp, found.changed), (1, first, at(1)));
    assert_eq!((found.patient.as_str(), &found.content[..]), ("p", &b"sealed 1"[..]));
    assert!(find(owner(Some("p"))).await.is_some());
    assert!(find(owner(Some("q"))).await.is_none());
    assert!(find(Owner { application: 4, patient: None }).await.is_none());
    let elsewhere = w.scope(2).read(|tx| storage_item::find(tx, &owner(None), 1)).await.unwrap();
    assert_eq!(elsewhere, None);
    assert_eq!(w.read(storage_item::any).await, Some(found));

    assert_eq!(w.create(draft(2, "p", "k", 1)).await.unwrap(), Err(Refusal::Duplicate));
    w.create(draft(2, "p", "other", 1)).await.unwrap().unwrap();
    let next = draft(1, "p", "k", 150);
    let refused = async |owner, draft, version| w.update(owner, draft, version).await.unwrap();
    let stale = Some("2019-03-19T08:41:05:117.0342".to_owned());
    assert_eq!(
        refused(owner(None), next.clone(), stale).await,
        Err(Refusal::VersionConflict(first))
    );
    assert_eq!(refused(owner(Some("q")), next.clone(), None).await, Err(Refusal::Unknown));
    let taken = draft(1, "p", "other", 1);
    assert_eq!(refused(owner(None), taken, None).await, Err(Refusal::Duplicate));
    let moved = draft(1, "q", "k", 1);
    assert_eq!(refused(owner(None), moved, None).await, Err(Refusal::OtherPatient));
    let missing = draft(9, "p", "new", 1);
    assert_eq!(refused(owner(None), missing, None).await, Err(Refusal::Unknown));
    assert_eq!(w.check_usage().await, Usage { items: 2, bytes: 101 });
    let second = refused(owner(Some("p")), next, Some(first.to_string())).await.unwrap();
    assert!(second > first);
    assert_eq!(w.check_usage().await, Usage { items: 2, bytes: 151 });

    assert_eq!(w.delete(owner(Some("q")), 1).await, Err(Refusal::Unknown));
    assert_eq!(w.delete(Owner { application: 4, patient: None }, 1).await, Err(Refusal::Unknown));
    assert_eq!(w.delete(owner(Some("p")), 1).await, Ok(()));
    assert_eq!(w.delete(owner(None), 1).await, Err(Refusal::Unknown));
    assert_eq!(w.delete(owner(None), 2).await, Ok(()));
    assert_eq!(w.check_usage().await, Usage::default());
});

both!(a_limit_that_is_passed_changes_nothing, |store| async move {
    let w = World::new(store).await;
    for id in 1..=5 {
        w.create(draft(id, "p", &id.to_string(), 100)).await.unwrap().unwrap();
    }
    let full = |result: Result<Result<Stamp, Refusal>>| match result {
        Err(Error::Unprocessable(text)) => text,
        other => panic!("{other:?}"),
    };
    let before = w.check_usage().await;
    assert!(full(w.create(draft(6, "p", "6", 1)).await).contains("5 StorageItems"));
    let grown = w.update(owner(None), draft(1, "p", "1", 601), None).await;
    assert!(full(grown).contains("1000 that they may"));
    assert_eq!(w.check_usage().await, before);
    w.update(owner(None), draft(1, "p", "1", 600), None).await.unwrap().unwrap();
    w.create(draft(6, "q", "6", 1000)).await.unwrap().unwrap();
    assert!(full(w.create(draft(7, "r", "7", 1)).await).contains("domain is full"));
    assert_eq!(w.check_usage().await, Usage { items: 6, bytes: 2000 });
    // What becomes smaller is never refused.
    w.update(owner(None), draft(6, "q", "6", 999), None).await.unwrap().unwrap();
    w.create(draft(7, "r", "7", 1)).await.unwrap().unwrap();
});

both!(limits_and_keys_hold_however_many_write, |store| async move {
    let w = World::new(store).await;
    for round in 0..4_i64 {
        let mut tasks = Vec::new();
        for n in 0..12_i64 {
            // Another process for each.
            let w = World::new(w.store.clone()).await;
            let id = round * 100 + n + 1;
            tasks.push(tokio::spawn(async move {
                let key = (n % 6).to_string();
                let created = w.create(draft(id, "p", &key, 10)).await;
                if n % 3 == 0 && matches!(created, Ok(Ok(_))) {
                    w.delete(owner(None), id).await.unwrap();
                } else if matches!(created, Ok(Ok(_))) {
                    w.update(owner(None), draft(id, "p", &key, 20), None).await.unwrap().unwrap();
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert!(w.check_usage().await.items <= 5);
        while w.scope(1).write(|tx| storage_item::erase_some(tx, "p", 2)).await.unwrap() > 0 {
            w.check_usage().await;
        }
        assert_eq!(w.check_usage().await, Usage::default());
    }
});

both!(of_an_erased_patient_nothing_is_left_in_its_domain, |store| async move {
    let w = World::new(store).await;
    for (id, patient, application) in
        [(1, "gone", 3), (2, "gone", 4), (3, "stays", 3), (4, "gone", 3)]
    {
        let item = Draft { application, ..draft(id, patient, &id.to_string(), 10) };
        w.create(item).await.unwrap().unwrap();
    }
    let (ids, other) = (w.ids.clone(), change(draft(1, "gone", "k", 10)));
    let create = move |tx: &mut DomainTx<'_>| storage_item::create(tx, &ids, START, &other);
    w.scope(2).write(create).await.unwrap().unwrap();
    assert_eq!(w.read(|tx| storage_item::count_of_patient(tx, "gone")).await, 3);
    let scope = w.scope(1);
    let erase = || scope.write(|tx| storage_item::erase_some(tx, "gone", 2));
    assert_eq!(erase().await.unwrap(), 2);
    assert_eq!(w.check_usage().await, Usage { items: 2, bytes: 20 });
    assert_eq!(erase().await.unwrap(), 1);
    assert_eq!(erase().await.unwrap(), 0);
    assert_eq!(w.check_usage().await, Usage { items: 1, bytes: 10 });
    let left = w.scope(2).read(|tx| storage_item::count_of_patient(tx, "gone")).await.unwrap();
    assert_eq!(left, 1);
});

both!(items_are_found_in_pages_that_are_not_too_large, |store| async move {
    let w = World::new(store).await;
    for id in 1..=5 {
        let key = ["level1", "level2", "my%key", "Level1", "lev"][id as usize - 1];
        let patient = if id == 5 { "q" } else { "p" };
        w.create(draft(id, patient, key, 100)).await.unwrap().unwrap();
    }
    let other = Draft { application: 4, ..draft(9, "p", "level1", 100) };
    w.create(other).await.unwrap().unwrap();
    let all = Search {
        owner: owner(None),
        id: None,
        object_type: None,
        keys: Vec::new(),
        from: None,
        until: None,
        is_descending: false,
    };
    let keys = |keys: &[KeyTest]| Search { keys: keys.to_vec(), ..all.clone() };
    let (is, starts, contains) = (
        |t: &str| KeyTest::Is(t.into()),
        |t: &str| KeyTest::StartsWith(t.into()),
        |t: &str| KeyTest::Contains(t.into()),
    );
    for (search, expected) in [
        (all.clone(), vec![1, 2, 3, 4, 5]),
        (Search { owner: owner(Some("p")), ..all.clone() }, vec![1, 2, 3, 4]),
        (Search { id: Some(2), ..all.clone() }, vec![2]),
        (Search { object_type: Some("save".into()), ..all.clone() }, vec![1, 2, 3, 4, 5]),
        (Search { object_type: Some("x".into()), ..all.clone() }, vec![]),
        (keys(&[is("level1")]), vec![1]),
        (keys(&[starts("lev")]), vec![1, 2, 5]),
        (keys(&[starts("lev"), contains("l2")]), vec![2]),
        (keys(&[contains("%")]), vec![3]),
        (keys(&[contains("_")]), vec![]),
        (Search { owner: owner(Some("p")), ..keys(&[starts("lev")]) }, vec![1, 2]),
        (Search { from: Some(at(2)), until: Some(at(4)), ..all.clone() }, vec![2, 3]),
    ] {
        for is_descending in [false, true] {
            for (count, bytes) in [(2, 10_000), (100, 250), (100, 1)] {
                let search = Search { is_descending, ..search.clone() };
                let mut expected = expected.clone();
                if is_descending {
                    expected.reverse();
                }
                let (mut seen, mut after) = (Vec::new(), None);
                loop {
                    let (asked, page) = (search.clone(), Page { count, bytes, offset: 0, after });
                    let found = w.read(move |tx| storage_item::search(tx, &asked, page)).await;
                    assert_eq!(found.total, expected.len() as i64);
                    assert!(found.items.len() as i64 * 100 <= bytes.max(100));
                    after = found.items.last().map(|item| (item.changed, item.id));
                    seen.extend(found.items.iter().map(|item| item.id));
                    if !found.more {
                        break;
                    }
                }
                assert_eq!(seen, expected, "{search:?}");
            }
        }
    }
    let page = Page { count: 2, bytes: 10_000, offset: 2, after: None };
    let found = w.read(move |tx| storage_item::search(tx, &all, page)).await;
    assert_eq!(found.items.iter().map(|item| item.id).collect::<Vec<_>>(), [3, 4]);
});
