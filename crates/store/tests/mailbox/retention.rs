//! Bodies that go.

use std::time::Duration;

use koppeltaal_core::Timestamp;
use koppeltaal_core::retention::{Limits, Rule};
use koppeltaal_core::status::Status;
use koppeltaal_store::mailbox::{self, Position, Removal};
use koppeltaal_store::{both, job};

use crate::world::{B, C, NO_GRACE, PLAIN, START, World, at, at_once, incoming, world};

const DAY: Duration = Duration::from_secs(86_400);

/// Everything that may go, asked for in pieces of two.
async fn removable(w: &World, rule: Rule, limits: Limits, now: Timestamp) -> Vec<Removal> {
    let (mut found, mut position) = (Vec::new(), Some(Position::default()));
    while let Some(from) = position {
        let (some, next) =
            w.read(move |tx| mailbox::removable(tx, &|_| rule, limits, now, from, 2)).await;
        found.extend(some);
        position = next;
    }
    found
}

both!(what_may_go_is_found_in_pieces, |store| async move {
    let w = world(store).await;
    for n in 0..7 {
        w.stored(&format!("u{n}"), None).await;
    }
    let keeps = Rule { retain_on_success: true, ..PLAIN };
    for recipient in [B, C] {
        for item in w.items(recipient).await.into_iter().take(5) {
            w.put_with(item.id, recipient, Status::Success, keeps).await;
        }
    }
    let grace = Limits { grace: DAY, ..NO_GRACE };
    assert_eq!(removable(&w, PLAIN, grace, at(1)).await, []);
    let had = removable(&w, PLAIN, grace, at(1).plus(DAY)).await;
    assert_eq!(had.len(), 5);
    assert!(had.iter().all(|removal| !removal.by_age));
    assert_eq!(removable(&w, keeps, grace, at(1).plus(DAY)).await, []);
    let old = removable(&w, keeps, grace, START.plus(56 * DAY)).await;
    assert_eq!(old.len(), 7);
    assert!(old.iter().all(|removal| removal.by_age));
    let required = Rule { required: true, ..PLAIN };
    assert_eq!(removable(&w, required, grace, START.plus(560 * DAY)).await, []);
    let both = removable(&w, PLAIN, grace, START.plus(57 * DAY)).await;
    assert_eq!(both.len(), 7, "each once: {both:?}");
});

both!(a_body_goes_once_whoever_removes_it, |store| async move {
    let w = world(store).await;
    w.stored("u", None).await;
    let message = w.items(B).await[0].message;
    let tasks = (0..4).map(|_| {
        let w = w.clone();
        async move { w.write(move |tx, _| mailbox::expire(tx, message, at(5))).await }
    });
    let removed = at_once(tasks).await.into_iter().filter(|removed| *removed).count();
    assert_eq!(removed, 1);
    assert!(w.items(B).await[0].expired);
    assert_eq!(w.read(move |tx| mailbox::body(tx, message)).await, None);
    assert!(!w.write(|tx, _| mailbox::expire(tx, 1, at(5))).await);
});

both!(removal_races_with_claims_and_statuses, |store| async move {
    let w = world(store).await;
    for n in 0..15 {
        w.stored(&format!("u{n}"), None).await;
        let item = w.items(B).await.pop().unwrap();
        let (first, second, third) = (w.clone(), w.clone(), w.clone());
        let message = item.message;
        let gone = tokio::spawn(async move {
            first.write(move |tx, _| mailbox::expire(tx, message, at(5))).await
        });
        let claim = tokio::spawn(async move { second.claim(B, at(1)).await });
        let put = tokio::spawn(async move { third.put(item.id, B, Status::Success).await });
        assert!(gone.await.unwrap());
        claim.await.unwrap();
        put.await.unwrap();
        let now = w.items(B).await.pop().unwrap();
        assert!(now.expired);
        assert_eq!(now.status, Status::Success);
    }
    assert_eq!(w.number("SELECT COUNT(*) FROM kt1_body").await, 0);
});

both!(old_headers_are_made_anonymous_in_pieces, |store| async move {
    let w = world(store).await;
    for n in 0..5 {
        let mut told_by_kin = incoming(&format!("u{n}"), None);
        told_by_kin.patient = Some("kin".to_owned());
        w.accept(told_by_kin).await;
    }
    let subjects = "SELECT COUNT(*) FROM kt1_message WHERE subject = 'p'";
    assert_eq!(w.number(subjects).await, 5);
    let items = w.items(B).await;
    for item in &items[..4] {
        let message = item.message;
        w.put(item.id, B, Status::Failed).await;
        w.write(move |tx, _| mailbox::expire(tx, message, at(5))).await;
    }
    let (mut changed, mut from) = (0, Some(0));
    while let Some(after) = from {
        let (found, next) =
            w.write(move |tx, _| mailbox::identifiable(tx, START.plus(DAY), after, 3)).await;
        changed += found.len();
        w.write(move |tx, _| mailbox::anonymise(tx, &found)).await;
        from = next;
    }
    assert_eq!(changed, 4, "what still has its body is left alone");
    assert_eq!(w.number(subjects).await, 1);
    let items = w.items(B).await;
    assert!(items[..4].iter().all(|item| item.patient.is_none() && item.focal.is_empty()));
    assert!(items[..4].iter().all(|item| item.header.is_empty() && item.exception.is_none()));
    assert_eq!(items[4].focal, "u4");
    let (again, _) = w.write(|tx, _| mailbox::identifiable(tx, START.plus(DAY), 0, 3)).await;
    assert!(again.is_empty());
});

both!(one_process_at_a_time_has_a_job, |store| async move {
    let w = world(store).await;
    assert_eq!(w.store.read(|tx| job::find(tx, "j")).await.unwrap(), None);
    for round in 0..10 {
        let now = at(round * 1000);
        let tasks =
            (0..4).map(|_| {
                let w = w.clone();
                async move {
                    w.store.write(move |tx| job::take(tx, "j", now, now.plus(DAY))).await.unwrap()
                }
            });
        let taken = at_once(tasks).await.into_iter().filter(|taken| *taken).count();
        assert_eq!(taken, 1);
        w.store.write(move |tx| job::finish(tx, "j", now, "done")).await.unwrap();
    }
    let known = w.store.read(|tx| job::find(tx, "j")).await.unwrap().unwrap();
    assert_eq!(known.last_result.as_deref(), Some("done"));
    assert_eq!(known.last_started, Some(at(9000)));
    // A process that crashed holds it until the lease ends.
    let take = async |now: Timestamp| {
        w.store.write(move |tx| job::take(tx, "j", now, now.plus(DAY))).await.unwrap()
    };
    assert!(take(at(10_000)).await);
    assert!(!take(at(10_001)).await);
    // One that goes on keeps it, until it came too late.
    let renew = async |started: Timestamp, until: Timestamp| {
        w.store.write(move |tx| job::renew(tx, "j", started, until)).await.unwrap()
    };
    assert!(renew(at(10_000), at(20_000).plus(DAY)).await);
    assert!(!take(at(10_000).plus(DAY)).await);
    assert!(take(at(20_000).plus(DAY)).await);
    assert!(!renew(at(10_000), at(30_000).plus(DAY)).await);
});
