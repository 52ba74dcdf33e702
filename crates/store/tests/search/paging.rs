//! Pages while others create, change and delete: nothing is lost, nothing comes
//! twice.

use std::collections::HashSet;

use koppeltaal_core::search::{SortBy, SortKey};
use koppeltaal_store::both;
use koppeltaal_store::resource::search::{self, Cursor, CursorValue, Search};

use crate::random::Random;
use crate::world::{Plan, STATUS, World, is, plan, search, world};

fn task(n: u64, status: &str) -> Plan {
    plan("Task", &format!("t{n}"), &[(STATUS, status, 0)])
}

/// What a page link carries from page to page.
struct Link {
    cursor: Cursor,
    start: i64,
    since: i64,
}

/// A page as the face makes it: what the walk would miss, then the walk.
async fn turn(w: &World, link: Option<&Link>) -> (Vec<String>, Option<Link>) {
    let conditions = [is(STATUS, "open")];
    let wanted =
        Search { after: link.map(|link| link.cursor.clone()), ..search("Task", &conditions) };
    let from = link.map(|link| (link.since, link.start, link.cursor.stamp().unwrap()));
    let (moved, page, newest) = w
        .read(move |tx| {
            let moved = match from {
                Some((since, start, cursor)) => {
                    search::moved(tx, "Task", &conditions, since, start, i64::MIN..cursor, 1000)?
                }
                None => Vec::new(),
            };
            Ok((moved, search::page(tx, &wanted)?, search::newest(tx, "Task")?))
        })
        .await;
    let start = link.map_or(newest, |link| link.start);
    let ids = moved.into_iter().chain(page.found).map(|stored| stored.id).collect();
    let next = match (page.next, link) {
        (Some(cursor), _) => Some(Link { cursor, start, since: newest }),
        (None, _) => None,
    };
    (ids, next)
}

both!(pages_lose_and_repeat_nothing_while_others_write, |store| async move {
    let w = world(&store, 1);
    let mut random = Random(7);
    w.create((0..200).map(|n| task(n, "open")).collect()).await;
    let mut fresh = 200;
    // Those that were there from beginning to end and were always open.
    let mut steady: HashSet<u64> = (0..200).collect();
    let mut gone: HashSet<u64> = HashSet::new();
    let (mut ids, mut link) = turn(&w, None).await;
    let mut moves = 0;
    while let Some(from) = link {
        for _ in 0..8 {
            let n = random.below(200);
            if gone.contains(&n) {
                continue;
            }
            match random.below(8) {
                0 => {
                    w.delete("Task", &format!("t{n}")).await;
                    gone.insert(n);
                    steady.remove(&n);
                }
                1 => {
                    w.update(task(n, "closed")).await;
                    steady.remove(&n);
                    gone.insert(n);
                }
                2 => {
                    w.create(vec![task(fresh, "open")]).await;
                    fresh += 1;
                }
                // Twice: its version before last is the one that counted.
                3 => {
                    w.update(task(n, "open")).await;
                    w.update(task(n, "open")).await;
                }
                _ => {
                    w.update(task(n, "open")).await;
                }
            }
        }
        let (more, next) = turn(&w, Some(&from)).await;
        moves += usize::from(more.len() > 10);
        ids.extend(more);
        link = next;
    }
    let seen: HashSet<&String> = ids.iter().collect();
    assert_eq!(seen.len(), ids.len(), "a resource came twice");
    for n in steady {
        assert!(seen.contains(&format!("t{n}")), "t{n} was lost");
    }
    assert!(ids.iter().all(|id| id[1..].parse::<u64>().unwrap() < 200), "made after page 1");
    assert!(moves > 2, "the walk alone would have done: {moves}");
});

both!(a_moved_resource_is_told_once_and_only_when_the_walk_misses_it, |store| async move {
    let w = world(&store, 1);
    let made = w.create((0..6).map(|n| task(n, "open")).collect()).await;
    let (start, cursor) = (made[5].stamp, made[3].stamp);
    let moved = async |since: i64| {
        let conditions = [is(STATUS, "open")];
        let work = move |tx: &mut koppeltaal_store::DomainTx<'_>| {
            search::moved(tx, "Task", &conditions, since, start, i64::MIN..cursor, 10)
        };
        let found = w.read(work).await;
        found.into_iter().map(|stored| stored.id).collect::<Vec<_>>()
    };
    assert_eq!(moved(start).await, [""; 0]);
    // Shown already: 5, 4, 3. To come: 2, 1, 0.
    w.update(task(4, "open")).await;
    w.update(task(3, "open")).await;
    assert_eq!(moved(start).await, [""; 0]);
    w.update(task(1, "open")).await;
    let last = w.update(task(0, "open")).await;
    w.create(vec![task(6, "open")]).await;
    assert_eq!(moved(start).await, ["t1", "t0"]);
    assert_eq!(moved(last.stamp).await, [""; 0]);
    w.update(task(1, "open")).await;
    assert_eq!(moved(last.stamp).await, [""; 0]);
    assert_eq!(moved(start).await, ["t0", "t1"]);
    w.update(task(1, "closed")).await;
    w.delete("Task", "t0").await;
    assert_eq!(moved(start).await, [""; 0]);
});

both!(a_cursor_of_another_order_is_refused, |store| async move {
    let w = world(&store, 1);
    w.create((0..3).map(|n| task(n, "open")).collect()).await;
    let by = |by: SortBy| vec![SortKey { by, is_descending: false }];
    let cursor = |values: Vec<CursorValue>| Some(Cursor { values, key: 1 });
    let text = || CursorValue::Text("a".to_owned());
    for (sort, after) in [
        (vec![], cursor(vec![])),
        (vec![], cursor(vec![text()])),
        (by(SortBy::Id), cursor(vec![CursorValue::Stamp(1)])),
        (by(SortBy::Id), cursor(vec![CursorValue::Missing])),
        (by(SortBy::Parameter(vec![STATUS])), cursor(vec![text(), text()])),
        (by(SortBy::Parameter(vec![STATUS])), cursor(vec![])),
    ] {
        let wanted = Search { sort, after, ..search("Task", &[]) };
        let shown = format!("{wanted:?}");
        let refused = w.scope.read(move |tx| search::page(tx, &wanted)).await.unwrap_err();
        assert!(matches!(refused, koppeltaal_core::Error::Invalid(_)), "{shown}: {refused}");
    }
});
