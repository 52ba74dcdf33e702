//! Pages that are read while resources change: whoever was there at the start and
//! still meets the search is given exactly once (decisions: paging).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::cast::ZORG;
use crate::chance::Chance;
use crate::client::{Client, link};
use crate::found::{matched, total};
use crate::shelf::Shelf;
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    changes_between_pages_lose_and_repeat_nothing,
    changes_of_everything_that_is_still_to_come_lose_nothing,
    changes_during_pages_lose_and_repeat_nothing,
    other_orders_lose_and_repeat_nothing,
    what_left_the_search_or_is_gone_is_not_given,
    a_burst_of_changes_is_given_once,
);

/// How many there are at the start.
const MANY: usize = 90;

fn patient(id: &str, round: usize) -> Value {
    json!({
        "resourceType": "Patient", "id": id, "active": true,
        "name": [{ "family": format!("Jansen {}", id.len() + id.bytes().map(usize::from).sum::<usize>() % 7) }],
        "identifier": [{ "system": "urn:round", "value": round.to_string() }],
    })
}

struct Herd<'w> {
    world: &'w World,
    shelf: Shelf<'w>,
    /// Those at the start that are still there, and how often they were changed.
    there: BTreeMap<String, usize>,
    /// How all ids begin.
    name: String,
    created: usize,
}

impl<'w> Herd<'w> {
    async fn of(world: &'w World, name: &str) -> Self {
        let shelf = Shelf::of(world).await;
        let mut there = BTreeMap::new();
        for at in 0..MANY {
            let id = format!("{name}{at:03}");
            shelf.keep(ZORG, "somebody", &patient(&id, 0)).await;
            there.insert(id, 0);
        }
        // What is older than any margin, and what is not.
        world.app.advance(Duration::from_secs(60));
        for at in (0..MANY).step_by(9) {
            let id = format!("{name}{at:03}");
            shelf.change(ZORG, "somebody", &patient(&id, 1)).await;
            there.insert(id, 1);
        }
        world.forget_tokens().await;
        Self { world, shelf, there, name: name.to_owned(), created: 0 }
    }

    async fn change(&mut self, id: &str) {
        let round = self.there.get_mut(id).unwrap();
        *round += 1;
        self.shelf.change(ZORG, "somebody", &patient(id, *round)).await;
    }

    /// Something happens to somebody.
    async fn happen(&mut self, chance: &mut Chance) {
        let all: Vec<String> = self.there.keys().cloned().collect();
        match chance.below(10) {
            0 => {
                let id = chance.one(&all).clone();
                self.there.remove(&id);
                self.shelf.remove(ZORG, "Patient", &id).await;
            }
            1 => {
                self.created += 1;
                let id = format!("{}-new-{}", self.name, self.created);
                self.shelf.keep(ZORG, "somebody", &patient(&id, 0)).await;
            }
            2 => {
                // As if time went on, past every margin or not.
                let by = Duration::from_millis(700 * u64::try_from(chance.below(6)).unwrap());
                self.world.app.advance(by);
            }
            _ => {
                let id = chance.one(&all).clone();
                self.change(&id).await;
            }
        }
    }

    /// Everybody who was there all the time was given once, nobody twice.
    #[track_caller]
    fn check(&self, given: &[String], what: &str) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for path in given {
            *counts.entry(path.trim_start_matches("Patient/")).or_default() += 1;
        }
        let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "{what}: given again: {twice:?}");
        let lost: Vec<&String> =
            self.there.keys().filter(|id| !counts.contains_key(id.as_str())).collect();
        assert!(lost.is_empty(), "{what}: lost: {lost:?}");
    }
}

async fn walk(
    client: &Client,
    url: &str,
    herd: &mut Herd<'_>,
    mut between: impl AsyncFnMut(&mut Herd<'_>, usize),
) -> Vec<String> {
    let mut given = Vec::new();
    let mut page = client.search(url).await;
    let all = total(&page);
    for at in 0.. {
        assert!(at < 500, "{url} has no end");
        given.extend(matched(&page));
        assert_eq!(total(&page), all, "the total is that of the first page");
        let Some(next) = link(&page, "next") else { break };
        between(herd, at).await;
        page = client.search(&next).await;
    }
    given
}

async fn changes_between_pages_lose_and_repeat_nothing(engine: Engine) {
    let world = World::start(engine).await;
    for seed in 0..6 {
        let mut chance = Chance::new(seed + 1);
        let mut herd = Herd::of(&world, &format!("p{seed}-")).await;
        let client = world.client("reader").await;
        let count = 3 + chance.below(15);
        let url = match seed % 3 {
            0 => format!("Patient?_count={count}"),
            1 => format!("Patient?active=true&_count={count}"),
            _ => format!("Patient?family=jansen&identifier:not=x&_count={count}"),
        };
        let given = walk(&client, &url, &mut herd, async |herd, _| {
            for _ in 0..chance.below(8) {
                herd.happen(&mut chance).await;
            }
        })
        .await;
        herd.check(&given, &format!("seed {seed}: {url}"));
        clear(&world).await;
    }
}

/// Takes everybody away, for the next round.
async fn clear(world: &World) {
    let shelf = Shelf::of(world).await;
    let client = world.client("reader").await;
    for path in client.walk("Patient?_count=200&_sort=_id").await {
        shelf.remove(ZORG, "Patient", path.trim_start_matches("Patient/")).await;
    }
    let gone = client.search("Patient?_summary=count").await;
    assert_eq!(total(&gone), 0);
    world.app.advance(Duration::from_secs(30));
}

async fn changes_of_everything_that_is_still_to_come_lose_nothing(engine: Engine) {
    let world = World::start(engine).await;
    let mut herd = Herd::of(&world, "p").await;
    let client = world.client("reader").await;
    let given = walk(&client, "Patient?active=true&_count=10", &mut herd, async |herd, at| {
        // Everybody, and then again everybody.
        if at == 0 || at == 3 {
            let all: Vec<String> = herd.there.keys().cloned().collect();
            for id in all.iter().rev() {
                herd.change(id).await;
            }
        }
        if at == 3 {
            herd.world.app.advance(Duration::from_secs(5));
        }
    })
    .await;
    herd.check(&given, "all of them");
}

async fn changes_during_pages_lose_and_repeat_nothing(engine: Engine) {
    let world = World::start(engine).await;
    let mut herd = Herd::of(&world, "p").await;
    let client = world.client("reader").await;
    let reading = async {
        let mut walks = Vec::new();
        for count in [4, 9, 25] {
            walks.push(client.walk(&format!("Patient?active=true&_count={count}")).await);
        }
        walks
    };
    let mut chance = Chance::new(7);
    let (done, mut stop) = tokio::sync::oneshot::channel::<()>();
    let changing = async {
        while stop.try_recv().is_err() {
            herd.happen(&mut chance).await;
        }
    };
    let reading = async {
        let walks = reading.await;
        let _ = done.send(());
        walks
    };
    let (walks, ()) = tokio::join!(reading, changing);
    for given in walks {
        // Who was created on the way may be given, but once.
        let distinct: BTreeSet<&String> = given.iter().collect();
        assert_eq!(distinct.len(), given.len());
        herd.check(&given, "at the same time");
    }
}

async fn other_orders_lose_and_repeat_nothing(engine: Engine) {
    let world = World::start(engine).await;
    for (seed, sort) in
        ["_id", "-_id", "family", "-family,_id", "_lastUpdated", "-_lastUpdated,_id"]
            .into_iter()
            .enumerate()
    {
        let mut chance = Chance::new(seed as u64 + 31);
        let mut herd = Herd::of(&world, &format!("p{seed}-")).await;
        let client = world.client("reader").await;
        let url = format!("Patient?active=true&_count=8&_sort={sort}");
        let given = walk(&client, &url, &mut herd, async |herd, _| {
            for _ in 0..chance.below(5) {
                herd.happen(&mut chance).await;
            }
        })
        .await;
        herd.check(&given, sort);
        clear(&world).await;
    }
}

async fn what_left_the_search_or_is_gone_is_not_given(engine: Engine) {
    let world = World::start(engine).await;
    let mut herd = Herd::of(&world, "p").await;
    let client = world.client("reader").await;
    let given = walk(&client, "Patient?active=true&_count=10", &mut herd, async |herd, at| {
        if at > 0 {
            return;
        }
        for (id, is_gone) in [("p001", true), ("p002", false), ("p003", true)] {
            herd.there.remove(id);
            if is_gone {
                herd.shelf.remove(ZORG, "Patient", id).await;
            } else {
                let mut left = patient(id, 9);
                left["active"] = false.into();
                herd.shelf.change(ZORG, "somebody", &left).await;
            }
        }
    })
    .await;
    herd.check(&given, "what left");
    for id in ["p001", "p002", "p003"] {
        assert!(!given.contains(&format!("Patient/{id}")), "{id}");
    }
}

async fn a_burst_of_changes_is_given_once(engine: Engine) {
    let world = World::start(engine).await;
    let mut shelf = Shelf::of(&world).await;
    for at in 0..660 {
        shelf.keep(ZORG, "somebody", &patient(&format!("p{at:03}"), 0)).await;
    }
    world.app.advance(Duration::from_secs(30));
    let client = world.client("reader").await;
    // Changed a moment ago, and read by large pages at once.
    shelf.at = Some(world.app.now());
    for at in 0..660 {
        shelf.change(ZORG, "somebody", &patient(&format!("p{at:03}"), 1)).await;
    }
    let given = client.walk("Patient?_count=200").await;
    let distinct: BTreeSet<&String> = given.iter().collect();
    assert_eq!((given.len(), distinct.len()), (660, 660));
    world.app.advance(Duration::from_secs(30));
    for sort in ["-_lastUpdated", "_lastUpdated"] {
        let first = client.search(&format!("Patient?_count=200&_sort={sort}")).await;
        let mut given = matched(&first);
        // All within a moment, as many at once do it.
        shelf.at = Some(world.app.now());
        for at in 0..660 {
            let id = format!("p{at:03}");
            if !given.contains(&format!("Patient/{id}")) {
                shelf.change(ZORG, "somebody", &patient(&id, 2 + sort.len())).await;
            }
        }
        given.extend(client.walk(&link(&first, "next").unwrap()).await);
        let distinct: BTreeSet<&String> = given.iter().collect();
        assert_eq!((given.len(), distinct.len()), (660, 660), "{sort}");
        world.app.advance(Duration::from_secs(30));
    }
}
