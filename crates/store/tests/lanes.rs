//! Lanes of rest-hooks on both engines: who has which, in which order, what ends
//! one, and that a backlog costs nothing.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use koppeltaal_core::notification::State;
use koppeltaal_core::{Result, Timestamp};
use koppeltaal_store::outbox::{
    self, Hook, LaneLease, LaneNext, LaneOutcome, LaneRelease, LeasedLane, Trigger, WantedLane,
};
use koppeltaal_store::tx::{Effect, Table};
use koppeltaal_store::{Arg, Dialect, Row, Store, Tx, args, both};

const START: Timestamp = Timestamp(1_717_200_000_000_000);
const BEFORE: (i64, i64) = (i64::MIN, i64::MIN);

fn at(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

async fn subscribe(store: &Store, domain: i64, key: i64) {
    store
        .write(move |tx| {
            tx.execute(
                "INSERT INTO subscription (domain, key, id, version, origin, instance, state, told,
                   reviving, changed, on_delete, criteria, endpoint, headers)
                 VALUES ($1, $2, 's', 1, 'd', 7, 1, 1, 0, 0, 0, 'Task', 'https://a.example/', '[]')",
                args![domain, key],
            )
        })
        .await
        .unwrap();
}

async fn hook(store: &Store, domain: i64, lane: i64, first: i64, count: i64) {
    let domain = koppeltaal_core::directory::Domain { number: domain, ..Default::default() };
    let hooks: Vec<Hook> = (first..first + count)
        .map(|id| Hook {
            id,
            instance: 7,
            lane,
            resource: format!("Task/{id}/_history/1"),
            request_id: Some(format!("r-{id}")),
            trace_id: None,
            requester: None,
            is_kept: false,
        })
        .collect();
    store.scope(&domain).write(move |tx| outbox::hook(tx, &hooks, START)).await.unwrap();
}

async fn lease(store: &Store, lane: i64, limit: usize, now: Timestamp) -> Option<LeasedLane> {
    let wanted = [WantedLane { domain: 1, lane, limit }];
    let until = now.plus(Duration::from_secs(30));
    let leased = store.write(move |tx| outbox::lease_lanes(tx, &wanted, now, until)).await.unwrap();
    match leased.into_iter().next() {
        Some(LaneLease::Taken(lane)) => Some(lane),
        _ => None,
    }
}

fn outcome(lane: &LeasedLane, place: usize, next: LaneNext, is_last: bool) -> LaneOutcome {
    let ping = &lane.pings[place];
    LaneOutcome {
        domain: lane.domain,
        lane: lane.lane,
        version: lane.subscriber.version,
        lease: lane.lease,
        head: ping.id,
        sent: ping.id,
        along: vec![],
        trigger: Trigger::Automatic,
        started: at(1),
        ended: at(2),
        duration: Duration::from_secs(1),
        endpoint: Some("https://a.example/".to_owned()),
        status: Some(if next == LaneNext::Delivered { 200 } else { 500 }),
        error: (next != LaneNext::Delivered).then(|| "answered 500".to_owned()),
        next,
        is_last,
    }
}

async fn record(store: &Store, outcomes: Vec<LaneOutcome>) {
    store.write(move |tx| outbox::record_lanes(tx, &outcomes, Timestamp(0))).await.unwrap();
}

async fn count(store: &Store, lane: i64, state: State) -> i64 {
    let sql = "SELECT count(*) FROM outbox WHERE lane = $1 AND state = $2";
    store
        .read(move |tx| tx.query_one(sql, args![lane, state.number()])?.unwrap_or_default().int(0))
        .await
        .unwrap()
}

fn ids(lane: &LeasedLane) -> Vec<i64> {
    lane.pings.iter().map(|ping| ping.id).collect()
}

both!(a_lane_belongs_to_one_process_at_a_time, |store| async {
    subscribe(&store, 1, 5).await;
    hook(&store, 1, 5, 10, 4).await;
    let first = lease(&store, 5, 2, at(0)).await.unwrap();
    assert_eq!(ids(&first), [10, 11]);
    assert_eq!(first.subscriber.endpoint, "https://a.example/");
    assert_eq!(first.pings[0].request_id.as_deref(), Some("r-10"));
    assert_eq!(lease(&store, 5, 2, at(29)).await, None);
    // What comes meanwhile, even with a smaller key, waits for the same lease.
    hook(&store, 1, 5, 9, 1).await;
    assert_eq!(lease(&store, 5, 2, at(29)).await, None);
    record(
        &store,
        vec![
            outcome(&first, 0, LaneNext::Delivered, false),
            outcome(&first, 1, LaneNext::Delivered, true),
        ],
    )
    .await;
    assert_eq!(ids(&lease(&store, 5, 9, at(3)).await.unwrap()), [9, 12, 13]);
});

both!(a_lease_that_ended_is_as_good_as_none, |store| async {
    subscribe(&store, 1, 5).await;
    hook(&store, 1, 5, 10, 3).await;
    let first = lease(&store, 5, 9, at(0)).await.unwrap();
    let second = lease(&store, 5, 9, at(30)).await.unwrap();
    assert_eq!(ids(&second), [10, 11, 12]);
    // A late failure of the first process changes nothing, a late success counts.
    record(&store, vec![outcome(&first, 0, LaneNext::Retry(at(9999)), true)]).await;
    assert_eq!(lease(&store, 5, 9, at(59)).await, None);
    record(&store, vec![outcome(&first, 1, LaneNext::Delivered, true)]).await;
    let release = [LaneRelease::of(&first, at(0)), LaneRelease::of(&second, at(40))];
    store.write(move |tx| outbox::release_lanes(tx, &release[..1])).await.unwrap();
    assert_eq!(lease(&store, 5, 9, at(59)).await, None);
    store.write(move |tx| outbox::release_lanes(tx, &release[1..])).await.unwrap();
    assert_eq!(lease(&store, 5, 9, at(39)).await, None);
    assert_eq!(ids(&lease(&store, 5, 9, at(40)).await.unwrap()), [10, 12]);
});

both!(the_first_of_a_lane_decides_when_it_is_due, |store| async {
    subscribe(&store, 1, 5).await;
    hook(&store, 1, 5, 10, 3).await;
    let first = lease(&store, 5, 9, at(0)).await.unwrap();
    record(&store, vec![outcome(&first, 0, LaneNext::Retry(at(100)), true)]).await;
    let waiting = store.read(|tx| outbox::waiting_lanes(tx, BEFORE, 9)).await.unwrap();
    assert_eq!(waiting.iter().map(|waiting| waiting.due).collect::<Vec<_>>(), [at(100)]);
    assert_eq!(lease(&store, 5, 9, at(99)).await, None);
    let again = lease(&store, 5, 9, at(100)).await.unwrap();
    assert_eq!((again.pings[0].id, again.pings[0].failed, again.pings[0].begun), (10, 1, at(1)));
    assert_eq!(again.pings[1].failed, 0);
});

both!(the_last_failure_makes_dead_letters_of_the_whole_lane, |store| async {
    subscribe(&store, 1, 5).await;
    hook(&store, 1, 5, 10, 1500).await;
    let lane = lease(&store, 5, 9, at(0)).await.unwrap();
    record(&store, vec![outcome(&lane, 0, LaneNext::Failed, true)]).await;
    // The first and a piece of the others; the rest follows piece by piece.
    assert_eq!(count(&store, 5, State::Dead).await, 1001);
    assert_eq!(lease(&store, 5, 9, at(1)).await, None);
    assert_eq!(count(&store, 5, State::Dead).await, 1500);
    let waiting = store.read(|tx| outbox::waiting_lanes(tx, BEFORE, 9)).await.unwrap();
    assert_eq!(waiting, []);
});

both!(lanes_are_found_in_pieces, |store| async {
    for domain in [1, 2] {
        for lane in 1..=5 {
            hook(&store, domain, lane, domain * 1000 + lane * 10, 3).await;
        }
    }
    subscribe(&store, 2, 5).await;
    let mut found = Vec::new();
    let mut after = BEFORE;
    loop {
        let piece = store.read(move |tx| outbox::waiting_lanes(tx, after, 3)).await.unwrap();
        let Some(last) = piece.last() else { break };
        after = (last.domain, last.lane);
        found.extend(piece.into_iter().map(|one| (one.domain, one.lane, one.endpoint)));
    }
    let expected: Vec<_> = (1..=2)
        .flat_map(|domain| (1..=5).map(move |lane| (domain, lane)))
        .map(|(domain, lane)| {
            let known = (domain, lane) == (2, 5);
            (domain, lane, known.then(|| "https://a.example/".to_owned()))
        })
        .collect();
    assert_eq!(found, expected);
});

/// Passes everything on and keeps the plans of queries.
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

both!(a_backlog_is_never_read_through, |store| async {
    subscribe(&store, 1, 5).await;
    hook(&store, 1, 5, 100, 20_000).await;
    hook(&store, 1, 6, 30_000, 3).await;
    store
        .write(|tx| tx.execute("UPDATE outbox SET state = 1 WHERE id < 5000", args![]))
        .await
        .unwrap();
    if store.dialect() == Dialect::Postgres {
        store.write(|tx| tx.execute("ANALYZE outbox", args![])).await.unwrap();
    }
    let plans = store
        .write(|tx| {
            let mut tx = Explained { tx, plans: String::new() };
            assert_eq!(outbox::waiting_lanes(&mut tx, BEFORE, 99)?.len(), 2);
            let wanted = [WantedLane { domain: 1, lane: 5, limit: 64 }];
            let leased = outbox::lease_lanes(&mut tx, &wanted, at(0), at(30))?;
            assert!(matches!(&leased[..], [LaneLease::Taken(lane)] if lane.pings.len() == 64));
            Ok(tx.plans)
        })
        .await
        .unwrap();
    for line in plans.lines().filter(|line| line.contains("outbox")) {
        assert!(line.contains("outbox_lane"), "{plans}");
        assert!(!line.contains("Seq Scan") && !line.starts_with("SCAN"), "{plans}");
    }
    if store.dialect() == Dialect::Sqlite {
        let steps = plans.matches("outbox_lane ((domain,lane,id)>(?,?,?))").count();
        assert_eq!(steps, 3, "{plans}");
    }
});
