//! Pages while resources change: nothing is lost and nothing comes twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::directory::Domain;
use koppeltaal_core::resource::Body;
use koppeltaal_core::search::{Qualifier, SortBy, SortKey, Test, Values};
use koppeltaal_store::resource::{self, Indexed, New};
use koppeltaal_store::{Ids, Scope, Store, both};

use super::*;
use koppeltaal_core::search::IndexRow;

const START: Timestamp = Timestamp(1_795_314_490_000_000);
const PARAMETER: i64 = 77;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

/// A domain with Tasks, in which time goes on with each step.
struct World {
    scope: Scope,
    ids: Arc<Ids>,
    now: Timestamp,
    step: Duration,
    changes: usize,
}

/// A body that is never the same, found by a parameter.
fn content(change: usize) -> (Body, Indexed) {
    let row = IndexRow { parameter: PARAMETER, value: "x".to_owned(), qualifier: 0 };
    let body = Body::new("", &format!(r#""description":"{change}""#));
    (body, Indexed { rows: vec![row], ..Indexed::default() })
}

impl World {
    fn new(store: &Store, domain: i64, step: Duration) -> Self {
        let scope = store.scope(&Domain { number: domain, ..Domain::default() });
        Self { scope, ids: Arc::new(Ids::of_node(1)), now: START, step, changes: 0 }
    }

    fn tick(&mut self) -> (Arc<Ids>, Timestamp, (Body, Indexed)) {
        self.now = self.now.plus(self.step);
        self.changes += 1;
        (self.ids.clone(), self.now, content(self.changes))
    }

    async fn create(&mut self, id: usize) {
        let (ids, now, (body, indexed)) = self.tick();
        let id = id.to_string();
        self.scope
            .write(move |tx| {
                let (body, indexed) = (&body, &indexed);
                let new = New { resource_type: "Task", id: &id, origin: "d", body, indexed };
                resource::create(tx, &ids, &new, now)
            })
            .await
            .unwrap();
    }

    async fn update(&mut self, id: usize) {
        let (ids, now, (body, indexed)) = self.tick();
        let id = id.to_string();
        self.scope
            .write(move |tx| resource::update(tx, &ids, "Task", &id, None, &body, &indexed, now))
            .await
            .unwrap();
    }

    async fn delete(&mut self, id: usize) {
        let (ids, now, _) = self.tick();
        let id = id.to_string();
        self.scope
            .write(move |tx| resource::delete(tx, &ids, "Task", &id, None, now))
            .await
            .unwrap();
    }

    async fn page(&self, wanted: &Search, link: Option<&(i64, Next)>) -> Found {
        let wanted =
            Search { after: link.and_then(|(_, next)| next.after.clone()), ..wanted.clone() };
        let total = link.map(|(total, _)| *total);
        // What travels in a link is text.
        let moves = link.and_then(|(_, next)| next.moves.as_ref());
        let moves: Option<Moves> = moves
            .map(|moves| serde_json::from_str(&serde_json::to_string(moves).unwrap()).unwrap());
        let now = self.now;
        let page = self
            .scope
            .read(move |tx| page(tx, &Catalog::built_in(), &wanted, total, moves.as_ref(), now));
        page.await.unwrap()
    }
}

fn wanted(limit: i64) -> Search {
    let test =
        Test { parameter: PARAMETER, value: Values::Is("x".to_owned()), qualifier: Qualifier::Any };
    Search {
        resource_type: "Task".to_owned(),
        conditions: vec![Condition::AnyOf(vec![test])],
        sort: vec![SortKey { by: SortBy::Updated, is_descending: true }],
        after: None,
        limit,
    }
}

/// [`check_once`] a few times.
async fn check(store: &Store, step: Duration, changes: usize, limit: i64) {
    for seed in 1..=3 {
        check_once(store, step, changes, limit, seed).await;
    }
}

/// Pages to the end, with `changes` changes after each; every resource of the
/// beginning that was not deleted comes once.
async fn check_once(store: &Store, step: Duration, changes: usize, limit: i64, seed: u64) {
    const COUNT: usize = 60;
    let mut dice = Dice(seed);
    let mut world = World::new(store, i64::try_from(seed).unwrap(), step);
    for id in 0..COUNT {
        world.create(id).await;
    }
    for _ in 0..COUNT / 2 {
        world.update(dice.below(COUNT)).await;
    }
    let mut deleted = BTreeSet::new();
    let mut seen: Vec<usize> = Vec::new();
    let mut link: Option<(i64, Next)> = None;
    for number in 0.. {
        assert!(number < 200, "the pages come to an end");
        let found = world.page(&wanted(limit), link.as_ref()).await;
        assert_eq!(found.total, 60, "the total is that of the first page");
        assert!(found.results.len() <= usize::try_from(limit).unwrap());
        seen.extend(found.results.iter().map(|one| one.id.parse::<usize>().unwrap()));
        let Some(next) = found.next else { break };
        link = Some((found.total, next));
        for change in 0..changes {
            let id = dice.below(COUNT);
            match dice.below(12) {
                0 if deleted.insert(id) => world.delete(id).await,
                1 => world.create(COUNT + number * 100 + change).await,
                _ if deleted.contains(&id) => {}
                _ => world.update(id).await,
            }
        }
    }
    let mut once = BTreeSet::new();
    for id in &seen {
        assert!(once.insert(*id), "{id} came twice: {seen:?} (seed {seed})");
    }
    for id in (0..COUNT).filter(|id| !deleted.contains(id)) {
        assert!(once.contains(&id), "{id} was lost: {seen:?} (seed {seed})");
    }
}

both!(pages_lose_and_repeat_nothing_while_resources_change_fast, |store| async move {
    // Every step is within the margin, so that everything might come to light late.
    check(&store, Duration::from_millis(3), 8, 7).await;
});

both!(pages_lose_and_repeat_nothing_while_resources_change_slowly, |store| async move {
    check(&store, Duration::from_millis(900), 5, 7).await;
});

both!(pages_lose_and_repeat_nothing_while_more_changes_than_a_page_holds, |store| async move {
    check(&store, Duration::from_millis(100), 20, 4).await;
});

both!(pages_lose_and_repeat_nothing_when_time_stands_still, |store| async move {
    check(&store, Duration::ZERO, 6, 5).await;
});

both!(a_search_with_one_page_is_counted_by_it, |store| async move {
    let mut world = World::new(&store, 1, Duration::from_millis(1));
    for id in 0..5 {
        world.create(id).await;
    }
    let whole = world.page(&wanted(5), None).await;
    assert_eq!((whole.results.len(), whole.total), (5, 5));
    assert!(whole.next.is_none());
    let part = world.page(&wanted(4), None).await;
    assert_eq!((part.results.len(), part.total), (4, 5));
    assert!(part.next.is_some());
    let only_total = world.page(&wanted(0), None).await;
    assert_eq!((only_total.results.len(), only_total.total), (0, 5));
    assert!(only_total.next.is_none());
});
