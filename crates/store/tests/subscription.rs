//! Subscriptions on both engines: what is changed is seen in its order, what failed is
//! told and sent anew, and what is removed leaves no secret.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use koppeltaal_core::directory::Domain;
use koppeltaal_core::{Result, Timestamp};
use koppeltaal_store::outbox::{self, Hook};
use koppeltaal_store::subscription::{self, New, State, Watch};
use koppeltaal_store::{DomainTx, Scope, Store, Tx, args, both, definitions};

const NOW: Timestamp = Timestamp(1_717_200_000_000_000);

fn scope(store: &Store, number: i64) -> Scope {
    store.scope(&Domain { number, ..Domain::default() })
}

fn new(key: i64, state: State) -> New {
    New {
        key,
        id: format!("s-{key}"),
        version: 1,
        origin: "d-1".to_owned(),
        instance: 7,
        state,
        failure: None,
        ends: None,
        on_delete: false,
        criteria: "Task?status=ready".to_owned(),
        endpoint: "https://x.test/".to_owned(),
        headers: vec!["Authorization: Bearer s3cret".to_owned()],
    }
}

async fn put(scope: &Scope, new: New) {
    scope.write(move |tx| subscription::put(tx, &new, NOW)).await.unwrap();
}

async fn since(scope: &Scope, change: i64) -> Vec<Watch> {
    scope.read(move |tx| subscription::since(tx, change, 100)).await.unwrap()
}

async fn state(scope: &Scope, key: i64) -> State {
    scope.read(move |tx| subscription::channel(tx, key)).await.unwrap().unwrap().state
}

async fn hook(scope: &Scope, lane: i64, id: i64, is_kept: bool) {
    let hook = Hook {
        id,
        instance: 7,
        lane,
        resource: format!("Task/t/_history/{id}"),
        request_id: Some("r".to_owned()),
        trace_id: None,
        requester: None,
        is_kept,
    };
    scope.write(move |tx| outbox::hook(tx, std::slice::from_ref(&hook), NOW)).await.unwrap();
}

/// Id and state of the notifications of a lane.
async fn lane(store: &Store, lane: i64) -> Vec<(i64, i64)> {
    let read = move |tx: &mut dyn Tx| -> Result<Vec<(i64, i64)>> {
        let sql = "SELECT id, state FROM outbox WHERE lane = $1 ORDER BY id";
        tx.query(sql, args![lane])?.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
    };
    store.read(read).await.unwrap()
}

async fn kill(store: &Store, lane: i64) {
    store
        .write(move |tx| {
            tx.later("UPDATE outbox SET state = 2, attempts = 1 WHERE lane = $1", args![lane])
        })
        .await
        .unwrap();
}

both!(changes_are_numbered_and_read_once, |store| async move {
    let (one, two) = (scope(&store, 1), scope(&store, 2));
    assert_eq!(one.read(subscription::counter).await.unwrap(), 0);
    put(&one, new(10, State::Active)).await;
    put(&one, new(11, State::Off)).await;
    put(&two, new(12, State::Active)).await;
    let all = since(&one, 0).await;
    let seen: Vec<_> = all.iter().map(|one| (one.key, one.state, one.changed)).collect();
    assert_eq!(seen, [(10, State::Active, 1), (11, State::Off, 2)]);
    assert_eq!((all[0].origin.as_str(), all[0].instance), ("d-1", 7));
    put(&one, New { criteria: "Patient?".to_owned(), ..new(10, State::Active) }).await;
    let changed = since(&one, 2).await;
    assert_eq!(changed.len(), 1, "each has its last change only");
    assert_eq!((changed[0].key, changed[0].changed), (10, 3));
    assert_eq!(changed[0].criteria, "Patient?");
    let counters = store.read(subscription::counters).await.unwrap();
    assert_eq!((counters.get(&1), counters.get(&2)), (Some(&3), Some(&1)));
    // It comes with the version of the definitions, which stays what it is.
    let required = one.read(|tx| definitions::require(tx, 0)).await.unwrap();
    assert_eq!(required, 3);
    assert_eq!(scope(&store, 3).read(|tx| definitions::require(tx, 0)).await.unwrap(), 0);
});

both!(what_is_removed_is_seen_once_more_and_keeps_no_secret, |store| async move {
    let one = scope(&store, 1);
    put(&one, new(10, State::Active)).await;
    one.write(|tx| subscription::remove(tx, 10, NOW)).await.unwrap();
    let left = since(&one, 1).await;
    assert_eq!((left[0].key, left[0].state), (10, State::Removed));
    let channel = one.read(|tx| subscription::channel(tx, 10)).await.unwrap().unwrap();
    assert_eq!((channel.endpoint.as_str(), channel.headers.len()), ("", 0));
    store.write(|tx| subscription::tidy(tx, NOW)).await.unwrap();
    assert_eq!(since(&one, 0).await.len(), 1, "it is remembered until that time");
    store.write(|tx| subscription::tidy(tx, Timestamp(NOW.0 + 1))).await.unwrap();
    assert_eq!(since(&one, 0).await, []);
});

both!(a_failure_is_told_and_cleared_by_a_new_start, |store| async move {
    let one = scope(&store, 1);
    put(&one, new(10, State::Active)).await;
    hook(&one, 10, 1, false).await;
    hook(&one, 10, 2, false).await;
    kill(&store, 10).await;
    assert!(one.write(|tx| subscription::fail(tx, 10, "503")).await.unwrap());
    assert!(!one.write(|tx| subscription::fail(tx, 10, "504")).await.unwrap(), "once");
    let untold = store.read(|tx| subscription::untold(tx, NOW, 9)).await.unwrap();
    assert_eq!((untold.len(), untold[0].failure.as_deref()), (1, Some("503")));
    let changed = untold[0].changed;
    // Its owner changes something else before he can know.
    put(&one, New { version: 2, ..new(10, State::Active) }).await;
    assert_eq!(state(&one, 10).await, State::Failed);
    assert_eq!(lane(&store, 10).await, [(1, 2), (2, 2)]);
    let say = |expected: i64| {
        move |tx: &mut DomainTx<'_>| {
            subscription::told(tx, 10, expected, 3, State::Failed, Some("503"))
        }
    };
    assert!(!one.write(say(changed)).await.unwrap(), "it has changed");
    let untold = store.read(|tx| subscription::untold(tx, NOW, 9)).await.unwrap();
    assert!(one.write(say(untold[0].changed)).await.unwrap());
    assert_eq!(store.read(|tx| subscription::untold(tx, NOW, 9)).await.unwrap(), []);
    // Now he knows, and starts it anew.
    put(&one, New { version: 4, ..new(10, State::Active) }).await;
    assert_eq!(state(&one, 10).await, State::Active);
    assert_eq!(lane(&store, 10).await, [(1, 0), (2, 0)], "what was missed is sent");
    kill(&store, 10).await;
    put(&one, New { version: 5, ..new(10, State::Active) }).await;
    assert_eq!(lane(&store, 10).await, [(1, 2), (2, 2)], "a dead letter alone is no failure");
});

both!(who_switches_off_what_failed_gets_what_was_missed_when_he_switches_on, |store| async move {
    let one = scope(&store, 1);
    put(&one, new(10, State::Active)).await;
    hook(&one, 10, 1, false).await;
    kill(&store, 10).await;
    one.write(|tx| subscription::fail(tx, 10, "503")).await.unwrap();
    put(&one, new(10, State::Off)).await;
    assert_eq!(state(&one, 10).await, State::Off);
    assert_eq!(store.read(|tx| subscription::untold(tx, NOW, 9)).await.unwrap(), []);
    put(&one, new(10, State::Active)).await;
    assert_eq!(lane(&store, 10).await, [(1, 0)]);
});

both!(what_has_ended_is_found, |store| async move {
    let one = scope(&store, 1);
    let until = |time: i64, state: State| New { ends: Some(Timestamp(time)), ..new(time, state) };
    for (time, state) in
        [(NOW.0 - 1, State::Active), (NOW.0, State::Failed), (NOW.0 - 2, State::Off)]
    {
        put(&one, until(time, state)).await;
    }
    put(&one, until(NOW.0 + 1, State::Active)).await;
    put(&one, new(1, State::Active)).await;
    let ended = store.read(|tx| subscription::untold(tx, NOW, 9)).await.unwrap();
    let keys: Vec<i64> = ended.iter().map(|one| one.key).collect();
    assert_eq!(keys, [NOW.0 - 1, NOW.0]);
});

both!(many_dead_letters_are_sent_anew_in_pieces, |store| async move {
    let one = scope(&store, 1);
    put(&one, new(10, State::Active)).await;
    let hooks: Vec<Hook> = (1..=2_500)
        .map(|id| Hook {
            id,
            instance: 7,
            lane: 10,
            resource: "Task/t/_history/1".to_owned(),
            request_id: None,
            trace_id: None,
            requester: None,
            is_kept: false,
        })
        .collect();
    one.write(move |tx| outbox::hook(tx, &hooks, NOW)).await.unwrap();
    kill(&store, 10).await;
    one.write(|tx| subscription::fail(tx, 10, "503")).await.unwrap();
    let untold = store.read(|tx| subscription::untold(tx, NOW, 9)).await.unwrap();
    let changed = untold[0].changed;
    let say = move |tx: &mut DomainTx<'_>| {
        subscription::told(tx, 10, changed, 2, State::Failed, Some("503"))
    };
    one.write(say).await.unwrap();
    put(&one, new(10, State::Active)).await;
    let pending = async || lane(&store, 10).await.iter().filter(|(_, state)| *state == 0).count();
    assert_eq!(pending().await, 1_000);
    let mut rounds = 0;
    while store
        .read(|tx| subscription::untold(tx, NOW, 9))
        .await
        .unwrap()
        .iter()
        .any(|o| o.reviving)
    {
        one.write(|tx| subscription::revive(tx, 10, NOW)).await.unwrap();
        rounds += 1;
        assert!(rounds < 5, "it ends");
    }
    assert_eq!(pending().await, 2_500);
});

both!(of_what_failed_one_notification_is_kept, |store| async move {
    let one = scope(&store, 1);
    hook(&one, 10, 1, true).await;
    hook(&one, 10, 2, true).await;
    hook(&one, 11, 3, true).await;
    assert_eq!(lane(&store, 10).await, [(1, 2)]);
    assert_eq!(lane(&store, 11).await, [(3, 2)]);
    // That of another domain is another lane.
    hook(&scope(&store, 2), 10, 4, true).await;
    assert_eq!(lane(&store, 10).await, [(1, 2), (4, 2)]);
    // What was missed before says what it was tried for, and does not stand for this.
    hook(&one, 12, 5, false).await;
    kill(&store, 12).await;
    hook(&one, 12, 6, true).await;
    hook(&one, 12, 7, true).await;
    assert_eq!(lane(&store, 12).await, [(5, 2), (6, 2)]);
});

both!(writers_of_subscriptions_at_once_are_seen_whole, |store| async move {
    let one = scope(&store, 1);
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let one = one.clone();
            tokio::spawn(async move {
                for at in 0..20 {
                    put(&one, new(writer * 100 + at, State::Active)).await;
                }
            })
        })
        .collect();
    // Whoever reads on from what he has seen misses nothing.
    let (mut seen, mut keys) = (0, std::collections::BTreeSet::new());
    while keys.len() < 80 {
        for watch in since(&one, seen).await {
            assert!(watch.changed > seen);
            seen = watch.changed;
            keys.insert(watch.key);
        }
        let is_over = writers.iter().all(tokio::task::JoinHandle::is_finished);
        if is_over && since(&one, seen).await.is_empty() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(keys.len(), 80);
    for writer in writers {
        writer.await.unwrap();
    }
});

both!(what_is_kept_while_its_owner_makes_it_active_is_sent, |store| async move {
    let one = scope(&store, 1);
    for key in 100..140 {
        let failed = New { failure: Some("503".to_owned()), ..new(key, State::Failed) };
        put(&one, failed).await;
        let active = new(key, State::Active);
        tokio::join!(put(&one, active), hook(&one, key, key * 10, true));
        assert_eq!(lane(&store, key).await, [(key * 10, 0)], "it waits to be sent");
    }
});

both!(what_was_missed_is_kept_while_the_subscription_is_in_error, |store| async move {
    let one = scope(&store, 1);
    let failed = New { failure: Some("503".to_owned()), ..new(10, State::Failed) };
    put(&one, failed).await;
    put(&one, new(11, State::Off)).await;
    hook(&one, 10, 1, true).await;
    hook(&one, 11, 2, true).await;
    let later = NOW.plus(outbox::KEEP_DEAD * 2);
    let old = one.read(move |tx| outbox::removable(tx, later, 0, 10)).await.unwrap();
    assert_eq!(old, [2]);
});
