//! Claiming, and the end of claims.

use std::collections::BTreeSet;

use koppeltaal_core::event::Event;
use koppeltaal_core::status::Status;
use koppeltaal_store::test_support::count_audited;
use koppeltaal_store::{both, mailbox};

use crate::world::{B, C, START, at, at_once, claim, incoming, world};

both!(the_oldest_that_fits_is_claimed, |store| async move {
    let w = world(store).await;
    for n in 0..3 {
        let mut incoming = incoming(&format!("u{n}"), None);
        incoming.patient = Some(format!("p{n}"));
        if n == 2 {
            incoming.event = Event::CreateOrUpdateCarePlan;
        }
        w.accept(incoming).await;
    }
    let focal = |claimed: Option<mailbox::Claimed>| claimed.map(|claimed| claimed.item.focal);
    let of_patient =
        |patient: &str| mailbox::Claim { patient: Some(patient.to_owned()), ..claim(B, START) };
    let of_event = |event| mailbox::Claim { event: Some(event), ..claim(B, START) };
    assert_eq!(focal(w.claim_with(of_patient("p1"), START).await).as_deref(), Some("u1"));
    assert_eq!(w.claim_with(of_patient("p1"), START).await, None);
    assert_eq!(w.claim_with(of_patient("nobody"), START).await, None);
    let plan = of_event(Event::CreateOrUpdateCarePlan);
    let both = mailbox::Claim { patient: Some("p1".to_owned()), ..plan.clone() };
    assert_eq!(w.claim_with(both, START).await, None);
    assert_eq!(focal(w.claim_with(plan.clone(), START).await).as_deref(), Some("u2"));
    assert_eq!(w.claim_with(plan, START).await, None);
    let claimed = w.claim(B, START).await.unwrap();
    assert_eq!((claimed.item.focal.as_str(), claimed.item.claims), ("u0", 1));
    assert_eq!(claimed.body.unwrap().feed, "feed");
    assert_eq!(w.claim(B, START).await, None);
    assert_eq!(w.items(C).await.len(), 3);
});

both!(a_poll_knows_whether_a_claim_would_find_something, |store| async move {
    let w = world(store).await;
    let claimable = async |expired: bool, now| {
        w.read(move |tx| mailbox::has_claimable(tx, B, None, expired, now)).await
    };
    assert!(!claimable(false, START).await && !claimable(true, START).await);
    w.stored("u", None).await;
    assert!(claimable(false, START).await);
    let item = w.claim(B, START).await.unwrap().item;
    assert!(!claimable(false, at(59)).await);
    assert!(claimable(false, at(60)).await, "the claim has timed out");
    assert_eq!(w.claim(B, at(60)).await.unwrap().item.id, item.id);
    w.put(item.id, B, Status::New).await;
    w.write(move |tx, _| mailbox::expire(tx, item.message, at(2))).await;
    assert!(!claimable(false, START).await);
    assert!(claimable(true, START).await);
    assert_eq!(w.claim(B, START).await, None);
    let any = mailbox::Claim { include_expired: true, ..claim(B, START) };
    let claimed = w.claim_with(any, START).await.unwrap();
    assert!(claimed.item.expired && claimed.body.is_none());
});

both!(no_item_is_claimed_by_two, |store| async move {
    let w = world(store).await;
    let other = w.process().await;
    for n in 0..60 {
        w.stored(&format!("u{n}"), None).await;
    }
    let tasks = (0..8).map(|n| {
        let w = if n % 2 == 0 { w.clone() } else { other.clone() };
        async move {
            let mut claimed = Vec::new();
            let mut empty = 0;
            while empty < 20 {
                match w.claim(B, at(1)).await {
                    Some(one) => claimed.push(one.item.id),
                    None => empty += 1,
                }
            }
            claimed
        }
    });
    let claimed: Vec<i64> = at_once(tasks).await.concat();
    let different: BTreeSet<i64> = claimed.iter().copied().collect();
    assert_eq!((claimed.len(), different.len()), (60, 60));
});

both!(a_claim_ends_once_whoever_ends_it, |store| async move {
    let w = world(store).await;
    let other = w.process().await;
    for n in 0..30 {
        w.stored(&format!("u{n}"), None).await;
        w.claim(B, START).await.unwrap();
    }
    assert!(!w.read(|tx| mailbox::has_lapsed(tx, at(59))).await);
    assert!(w.read(|tx| mailbox::has_lapsed(tx, at(60))).await);
    let tasks = (0..4).map(|n| {
        let w = if n % 2 == 0 { w.clone() } else { other.clone() };
        async move {
            let recipient = (n == 3).then_some(B);
            w.write(move |tx, ids| mailbox::lapse(tx, ids, at(60), recipient)).await.renewed
        }
    });
    let ended: usize = at_once(tasks).await.into_iter().sum();
    // A row that another transaction holds is passed over, not waited for.
    let rest = w.write(|tx, ids| mailbox::lapse(tx, ids, at(60), None)).await.renewed;
    assert_eq!(ended + rest, 30);
    assert_eq!(count_audited(&w.store, "action = 'lapse'").await, 30);
    assert!(w.statuses(B).await.iter().all(|status| *status == Status::New));
    assert!(!w.read(|tx| mailbox::has_lapsed(tx, at(60))).await);
});

both!(the_fifth_claim_is_the_last, |store| async move {
    let w = world(store).await;
    w.stored("u", None).await;
    for claims in 1..=5 {
        let now = at(claims * 100);
        assert_eq!(w.claim(B, now).await.unwrap().item.claims, i64::try_from(claims).unwrap());
    }
    let lapse = w.write(|tx, ids| mailbox::lapse(tx, ids, at(1000), Some(B))).await;
    assert_eq!((lapse.renewed, lapse.exceeded), (0, 1));
    assert_eq!(w.statuses(B).await, [Status::MaximumRetriesExceeded]);
    assert_eq!(w.claim(B, at(2000)).await, None);
});

both!(a_late_finish_races_with_the_end_of_the_claim, |store| async move {
    let w = world(store).await;
    for n in 0..20 {
        w.stored(&format!("u{n}"), None).await;
        let item = w.claim(B, START).await.unwrap().item.id;
        let (first, second, third) = (w.clone(), w.clone(), w.clone());
        let end = tokio::spawn(async move {
            first.write(|tx, ids| mailbox::lapse(tx, ids, at(60), None)).await
        });
        let put = tokio::spawn(async move { second.put(item, B, Status::Success).await });
        let claim = tokio::spawn(async move { third.claim(B, at(60)).await });
        end.await.unwrap();
        put.await.unwrap();
        claim.await.unwrap();
        let now = w.read(move |tx| mailbox::item_of(tx, item)).await.unwrap();
        // Whatever came first: what was finished stays finished.
        assert_eq!(now.status, Status::Success);
    }
});
