//! The outbox on both engines: who gets which notification, what is kept of it,
//! and that finding work costs nothing however much was delivered.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::time::Duration;

use koppeltaal_core::directory::Domain;
use koppeltaal_core::notification::State;
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::outbox::{
    self, Announcement, Due, Filter, Next, Notification, Outcome, Release, Trigger, Wanted,
};
use koppeltaal_store::tx::{Effect, Table};
use koppeltaal_store::{Arg, Dialect, Row, Scope, Store, Tx, args, both};

/// 2024-06-01T00:00:00Z.
const START: Timestamp = Timestamp(1_717_200_000_000_000);

fn at(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

fn scope(store: &Store, number: i64) -> Scope {
    store.scope(&Domain { number, ..Domain::default() })
}

fn key(number: i64) -> i64 {
    koppeltaal_core::id::first_key_at(START) + number
}

/// Announces to an instance of a domain: notifications `first..first + count`.
async fn announce(store: &Store, domain: i64, instance: i64, first: i64, count: i64) {
    let all: Vec<Announcement> = (first..first + count)
        .map(|number| Announcement {
            id: key(number),
            instance,
            item: key(number) - 1,
            identifier: format!("message-{number}"),
        })
        .collect();
    scope(store, domain).write(move |tx| outbox::announce(tx, &all, START)).await.unwrap();
}

async fn lease(store: &Store, wanted: &[(i64, i64, i64)], now: u64, until: u64) -> Vec<Due> {
    let wanted: Vec<Wanted> = wanted
        .iter()
        .map(|&(domain, instance, limit)| Wanted { domain, instance, limit })
        .collect();
    store.write(move |tx| outbox::lease(tx, &wanted, at(now), at(until))).await.unwrap()
}

async fn one(store: &Store, now: u64) -> Due {
    let mut leased = lease(store, &[(1, 7, 1)], now, now + 30).await;
    assert_eq!(leased.len(), 1);
    leased.remove(0)
}

async fn waiting(store: &Store) -> Vec<(i64, i64, Timestamp)> {
    let found = store.read(outbox::waiting).await.unwrap();
    found.iter().map(|waiting| (waiting.domain, waiting.instance, waiting.due)).collect()
}

fn outcome(due: &Due, now: u64, next: Next) -> Outcome {
    let delivered = next == Next::Delivered;
    Outcome {
        domain: due.domain,
        id: due.id,
        lease: due.lease,
        trigger: due.trigger,
        started: at(now),
        ended: at(now),
        duration: Duration::from_millis(12),
        endpoint: Some("https://hook.example/".to_owned()),
        status: Some(if delivered { 204 } else { 500 }),
        error: (!delivered).then(|| "answered 500".to_owned()),
        next,
    }
}

async fn record(store: &Store, outcomes: Vec<Outcome>) {
    store.write(move |tx| outbox::record(tx, &outcomes)).await.unwrap();
}

async fn show(store: &Store, domain: i64, number: i64) -> Option<Notification> {
    scope(store, domain).read(move |tx| outbox::show(tx, key(number))).await.unwrap()
}

async fn list(store: &Store, domain: i64, filter: Filter, limit: i64) -> Vec<i64> {
    let found =
        scope(store, domain).read(move |tx| outbox::list(tx, &filter, limit)).await.unwrap();
    found.iter().map(|notification| notification.id - key(0)).collect()
}

async fn resend(store: &Store, domain: i64, number: i64, now: u64) -> Result<()> {
    scope(store, domain).write(move |tx| outbox::resend(tx, key(number), at(now))).await
}

both!(a_leased_notification_is_free_again_when_its_lease_ends, |store| async {
    assert_eq!(waiting(&store).await, []);
    announce(&store, 1, 7, 1, 1).await;
    assert_eq!(waiting(&store).await, [(1, 7, START)]);
    let due = one(&store, 0).await;
    assert_eq!((due.domain, due.instance, due.id), (1, 7, key(1)));
    assert_eq!((due.identifier.as_str(), due.failed), ("message-1", 0));
    assert_eq!((due.trigger, due.lease), (Trigger::Automatic, at(30)));
    assert_eq!(waiting(&store).await, [(1, 7, at(30))]);
    assert_eq!(lease(&store, &[(1, 7, 9)], 29, 60).await, []);
    assert_eq!(one(&store, 30).await.id, key(1));
});

both!(a_long_backlog_stands_in_front_of_nobody, |store| async {
    announce(&store, 1, 7, 0, 3000).await;
    announce(&store, 1, 8, 3000, 1).await;
    announce(&store, 2, 9, 3001, 2).await;
    assert_eq!(waiting(&store).await, [(1, 7, START), (1, 8, START), (2, 9, START)]);
    let leased = lease(&store, &[(1, 7, 4), (1, 8, 4), (2, 9, 4)], 0, 30).await;
    let got: Vec<_> = leased.iter().map(|due| (due.instance, due.id - key(0))).collect();
    assert_eq!(got, [(7, 0), (7, 1), (7, 2), (7, 3), (8, 3000), (9, 3001), (9, 3002)]);
});

both!(concurrent_processes_share_the_work_without_doubling_it, |store| async {
    announce(&store, 1, 7, 0, 200).await;
    announce(&store, 1, 8, 200, 200).await;
    let workers = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let got = lease(&store, &[(1, 7, 7), (1, 8, 7)], 0, 30).await;
                // Another may hold the locks of the next ones at this moment.
                if got.is_empty() && waiting(&store).await.iter().all(|(_, _, due)| *due > START) {
                    return mine;
                }
                mine.extend(got.into_iter().map(|due| due.id));
            }
        })
    });
    let mut all = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        all.extend(worker.await.unwrap());
    }
    assert_eq!(all.len(), 400);
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), 400);
});

both!(every_attempt_is_kept_until_the_notification_is_settled, |store| async {
    announce(&store, 1, 7, 1, 1).await;
    let due = one(&store, 0).await;
    record(&store, vec![outcome(&due, 1, Next::Retry(at(31)))]).await;
    let pending = show(&store, 1, 1).await.unwrap();
    assert_eq!((pending.state, pending.failed), (State::Pending, 1));
    assert_eq!(pending.next_attempt, Some(at(31)));
    assert_eq!(lease(&store, &[(1, 7, 9)], 30, 60).await, []);
    let due = one(&store, 31).await;
    assert_eq!((due.failed, due.next_attempt), (1, at(31)));
    record(&store, vec![outcome(&due, 32, Next::Delivered)]).await;
    assert_eq!(waiting(&store).await, []);

    let settled = show(&store, 1, 1).await.unwrap();
    assert_eq!((settled.state, settled.next_attempt), (State::Delivered, None));
    assert_eq!((settled.item, settled.identifier.as_str()), (key(0), "message-1"));
    let [first, second] = &settled.attempts[..] else { panic!("{:?}", settled.attempts) };
    assert_eq!((first.number, first.started, first.status), (1, at(1), Some(500)));
    assert_eq!(first.error.as_deref(), Some("answered 500"));
    assert_eq!(first.endpoint.as_deref(), Some("https://hook.example/"));
    assert_eq!((first.duration_ms, first.trigger), (12, Trigger::Automatic));
    assert_eq!((second.number, second.status, &second.error), (2, Some(204), &None));
});

both!(an_outcome_of_a_lost_lease_does_not_undo_the_newer_one, |store| async {
    announce(&store, 1, 7, 1, 2).await;
    let lost = lease(&store, &[(1, 7, 2)], 0, 30).await;
    let newer = lease(&store, &[(1, 7, 2)], 30, 60).await;
    // A failure only leaves its trace: the newer lease still decides.
    record(&store, vec![outcome(&lost[0], 31, Next::Dead)]).await;
    let found = show(&store, 1, 1).await.unwrap();
    assert_eq!((found.state, found.failed, found.attempts.len()), (State::Pending, 0, 1));
    record(&store, vec![outcome(&newer[0], 32, Next::Retry(at(99)))]).await;
    let found = show(&store, 1, 1).await.unwrap();
    assert_eq!((found.failed, found.attempts.len()), (1, 2));
    // A success is a success, and a later failure does not take it back.
    record(&store, vec![outcome(&lost[1], 31, Next::Delivered)]).await;
    record(&store, vec![outcome(&newer[1], 32, Next::Retry(at(99)))]).await;
    let found = show(&store, 1, 2).await.unwrap();
    assert_eq!((found.state, found.attempts.len()), (State::Delivered, 2));
});

both!(a_lease_is_given_back_by_its_holder_only, |store| async {
    announce(&store, 1, 7, 1, 1).await;
    let lost = one(&store, 0).await;
    let held = one(&store, 30).await;
    let give = |due: Due| {
        let store = store.clone();
        async move {
            let release = [Release::of(&due, at(31))];
            store.write(move |tx| outbox::release(tx, &release)).await.unwrap();
        }
    };
    give(lost).await;
    assert_eq!(waiting(&store).await, [(1, 7, at(60))]);
    give(held).await;
    assert_eq!(waiting(&store).await, [(1, 7, at(31))]);
    let found = show(&store, 1, 1).await.unwrap();
    assert_eq!((found.failed, found.attempts.len()), (0, 0));
});

both!(what_is_settled_can_be_sent_again, |store| async {
    announce(&store, 1, 7, 1, 1).await;
    assert!(matches!(resend(&store, 1, 1, 1).await, Err(Error::Conflict(_))));
    assert!(matches!(resend(&store, 1, 2, 1).await, Err(Error::NotFound(_))));
    assert!(matches!(resend(&store, 2, 1, 1).await, Err(Error::NotFound(_))));
    let due = one(&store, 0).await;
    record(&store, vec![outcome(&due, 1, Next::Dead)]).await;
    assert_eq!(waiting(&store).await, []);
    assert_eq!(show(&store, 1, 1).await.unwrap().state, State::Dead);

    resend(&store, 1, 1, 50).await.unwrap();
    assert_eq!(show(&store, 1, 1).await.unwrap().next_attempt, Some(at(50)));
    let due = one(&store, 50).await;
    assert_eq!((due.failed, due.trigger), (0, Trigger::Resend));
    record(&store, vec![outcome(&due, 51, Next::Delivered)]).await;
    resend(&store, 1, 1, 60).await.unwrap();
    let found = show(&store, 1, 1).await.unwrap();
    assert_eq!(found.state, State::Pending);
    let attempts: Vec<_> = found.attempts.iter().map(|a| (a.number, a.trigger)).collect();
    assert_eq!(attempts, [(1, Trigger::Automatic), (2, Trigger::Resend)]);
});

both!(a_list_shows_every_notification_of_the_domain_once, |store| async {
    announce(&store, 1, 7, 0, 10).await;
    announce(&store, 1, 8, 10, 10).await;
    announce(&store, 2, 9, 20, 3).await;
    let leased = lease(&store, &[(1, 7, 6), (1, 8, 6)], 0, 30).await;
    let settle = |due: &Due| match (due.id - key(0)) % 3 {
        0 => Next::Delivered,
        1 => Next::Dead,
        _ => Next::Retry(at(40)),
    };
    record(&store, leased.iter().map(|due| outcome(due, 1, settle(due))).collect()).await;

    let all = Filter::default();
    let of = |state, instance| Filter { state, instance, after: None };
    let check = |filter: Filter, expected: Vec<i64>| {
        let store = store.clone();
        async move {
            let domain = if filter.instance == Some(9) { 2 } else { 1 };
            assert_eq!(list(&store, domain, filter, 100).await, expected, "{filter:?}");
            let mut paged = Vec::new();
            let mut page = filter;
            loop {
                let found = list(&store, domain, page, 3).await;
                page.after = found.last().map(|last| key(*last));
                if found.is_empty() {
                    break;
                }
                paged.extend(found);
            }
            assert_eq!(paged, expected, "in pages: {filter:?}");
        }
    };
    let (pending, dead, delivered) =
        (Some(State::Pending), Some(State::Dead), Some(State::Delivered));
    check(all, (0..20).collect()).await;
    check(of(None, Some(8)), (10..20).collect()).await;
    check(of(dead, None), vec![1, 4, 10, 13]).await;
    check(of(dead, Some(8)), vec![10, 13]).await;
    check(of(delivered, None), vec![0, 3, 12, 15]).await;
    check(of(delivered, Some(7)), vec![0, 3]).await;
    check(of(pending, None), vec![2, 5, 6, 7, 8, 9, 11, 14, 16, 17, 18, 19]).await;
    check(of(pending, Some(7)), vec![2, 5, 6, 7, 8, 9]).await;
    check(of(None, Some(9)), vec![20, 21, 22]).await;
    // Another domain's instance is not found from here.
    assert_eq!(list(&store, 1, of(None, Some(9)), 10).await, Vec::<i64>::new());
    assert_eq!(show(&store, 2, 0).await, None);

    let found = scope(&store, 1).read(move |tx| outbox::list(tx, &all, 5)).await.unwrap();
    let attempts: Vec<usize> = found.iter().map(|found| found.attempts.len()).collect();
    assert_eq!(attempts, [1, 1, 1, 1, 1]);
    assert_eq!(found[1].attempts[0].error.as_deref(), Some("answered 500"));
});

both!(the_depth_counts_what_is_pending_and_dead, |store| async {
    assert_eq!(store.read(outbox::depth).await.unwrap(), []);
    announce(&store, 1, 7, 0, 5).await;
    announce(&store, 2, 9, 5, 1).await;
    let leased = lease(&store, &[(1, 7, 3), (2, 9, 1)], 0, 30).await;
    let next = [Next::Dead, Next::Dead, Next::Delivered, Next::Delivered];
    let outcomes = leased.iter().zip(next).map(|(due, next)| outcome(due, 1, next)).collect();
    record(&store, outcomes).await;
    let depth = store.read(outbox::depth).await.unwrap();
    assert_eq!(depth.len(), 1);
    assert_eq!((depth[0].domain, depth[0].pending, depth[0].dead), (1, 2, 2));
    assert_eq!(depth[0].oldest_due, Some(START));
});

both!(what_was_kept_long_enough_is_removed, |store| async {
    announce(&store, 1, 7, 0, 4).await;
    let leased = lease(&store, &[(1, 7, 3)], 0, 30).await;
    let next = [Next::Delivered, Next::Dead, Next::Delivered];
    let outcomes = leased.iter().zip(next).map(|(due, next)| outcome(due, 1, next)).collect();
    record(&store, outcomes).await;
    let day = 86_400;
    let removable = |days: u64| {
        let scope = scope(&store, 1);
        async move {
            let now = at(days * day);
            let found = scope.read(move |tx| outbox::removable(tx, now, 0, 10)).await.unwrap();
            found.iter().map(|id| id - key(0)).collect::<Vec<_>>()
        }
    };
    assert_eq!(removable(13).await, Vec::<i64>::new());
    assert_eq!(removable(15).await, [0, 2]);
    assert_eq!(removable(57).await, [0, 1, 2, 3]);

    // One of them is sent again before it is removed: it stays.
    resend(&store, 1, 2, 15 * day).await.unwrap();
    scope(&store, 1)
        .write(move |tx| outbox::remove(tx, &[key(0), key(2)], at(15 * day)))
        .await
        .unwrap();
    assert_eq!(list(&store, 1, Filter::default(), 10).await, [1, 2, 3]);
    assert_eq!(show(&store, 1, 2).await.unwrap().attempts.len(), 1);
    assert_eq!(count(&store, "attempt").await, 2);

    scope(&store, 1)
        .write(move |tx| outbox::remove_of_items(tx, &[(7, key(1) - 1), (7, key(2) - 1)]))
        .await
        .unwrap();
    assert_eq!(list(&store, 1, Filter::default(), 10).await, [3]);
    assert_eq!(count(&store, "attempt").await, 0);
});

async fn count(store: &Store, table: &'static str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    store.read(move |tx| tx.query_one(&sql, args![])?.unwrap().int(0)).await.unwrap()
}

/// Keeps the plan of every query it passes on.
struct Explained<'a> {
    tx: &'a mut dyn Tx,
    plans: String,
}

impl Tx for Explained<'_> {
    fn query(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<Vec<Row>> {
        let (explain, column) = match self.tx.dialect() {
            Dialect::Sqlite => ("EXPLAIN QUERY PLAN", 3),
            Dialect::Postgres => ("EXPLAIN", 0),
        };
        for mut row in self.tx.query(&format!("{explain} {sql}"), args)? {
            self.plans += &row.text(column)?;
            self.plans.push('\n');
        }
        self.tx.query(sql, args)
    }
    fn execute(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<u64> {
        self.tx.execute(sql, args)
    }
    fn later(&mut self, sql: &str, args: &[Arg<'_>]) -> Result<()> {
        self.tx.later(sql, args)
    }
    fn insert_many(&mut self, table: &Table, rows: &[Row]) -> Result<()> {
        self.tx.insert_many(table, rows)
    }
    fn after_commit(&mut self, effect: Effect) {
        self.tx.after_commit(effect);
    }
    fn dialect(&self) -> Dialect {
        self.tx.dialect()
    }
}

both!(work_is_found_without_reading_what_was_delivered, |store| async {
    announce(&store, 1, 7, 0, 20_000).await;
    store.write(|tx| tx.execute("UPDATE outbox SET state = 1", args![])).await.unwrap();
    if store.dialect() == Dialect::Postgres {
        store.write(|tx| tx.execute("ANALYZE outbox", args![])).await.unwrap();
    }
    announce(&store, 1, 7, 20_000, 3).await;
    announce(&store, 1, 8, 20_003, 3).await;
    let plans = store
        .write(|tx| {
            let mut tx = Explained { tx, plans: String::new() };
            assert_eq!(outbox::waiting(&mut tx)?.len(), 2);
            let wanted = [Wanted { domain: 1, instance: 7, limit: 9 }];
            assert_eq!(outbox::lease(&mut tx, &wanted, at(0), at(30))?.len(), 3);
            assert_eq!(outbox::depth(&mut tx)?.len(), 1);
            Ok(tx.plans)
        })
        .await
        .unwrap();
    assert!(plans.contains("outbox_pending"), "{plans}");
    assert!(!plans.contains("Seq Scan on outbox"), "{plans}");
    for line in plans.lines().filter(|line| line.starts_with("SCAN outbox")) {
        assert!(line.contains("USING COVERING INDEX outbox_"), "{plans}");
    }
    // From instance to instance, without reading what lies between.
    if store.dialect() == Dialect::Sqlite {
        let steps = plans.matches("outbox_pending ((domain,instance,due)>(?,?,?))").count();
        assert_eq!(steps, 3, "{plans}");
    }
});

both!(an_announcement_whose_message_is_not_stored_is_not_stored_either, |store| async {
    let failed: Result<()> = scope(&store, 1)
        .write(|tx| {
            let all =
                [Announcement { id: key(1), instance: 7, item: 1, identifier: "m".to_owned() }];
            outbox::announce(tx, &all, START)?;
            Err(Error::Conflict("no".to_owned()))
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(count(&store, "outbox").await, 0);
});
