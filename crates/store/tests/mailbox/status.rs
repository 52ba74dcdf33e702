//! Setting a status, and what follows from it.

use koppeltaal_core::status::Status;
use koppeltaal_store::both;
use koppeltaal_store::mailbox::{self, Put};

use crate::world::{B, C, PLAIN, at_once, world};

both!(a_status_is_set_by_its_recipient_only, |store| async move {
    let w = world(store).await;
    w.stored("u", None).await;
    let item = w.items(B).await.remove(0);
    assert_eq!(w.put(item.id, C, Status::Success).await, Put::NotRecipient);
    assert_eq!(w.put(1, B, Status::Success).await, Put::Unknown);
    let Put::Done { item: failed, changed } = w.put(item.id, B, Status::Failed).await else {
        panic!()
    };
    assert!(changed && failed.stamp > item.stamp);
    assert_eq!(failed.exception.as_deref(), Some("why"));
    assert_eq!(w.items(B).await[0], *failed, "what is answered is what is stored");
    let Put::Done { item: done, .. } = w.put(item.id, B, Status::Success).await else { panic!() };
    assert_eq!(done.exception, None);
    let Put::Done { item: same, changed } = w.put(item.id, B, Status::Failed).await else {
        panic!()
    };
    assert!(!changed && same.status == Status::Success);
});

both!(of_racing_claims_by_put_every_one_counts, |store| async move {
    let w = world(store).await;
    w.stored("u", None).await;
    let item = w.items(B).await[0].id;
    let tasks = (0..4).map(|_| {
        let w = w.clone();
        async move {
            w.put(item, B, Status::Claimed).await;
        }
    });
    at_once(tasks).await;
    let now = w.items(B).await.remove(0);
    assert_eq!(
        (now.status, now.claims),
        (Status::Claimed, 1),
        "a claim of what is claimed renews it"
    );
});

both!(recipients_that_finish_at_the_same_moment_see_each_other, |store| async move {
    let w = world(store).await;
    let keeps = koppeltaal_core::retention::Rule { retain_on_success: true, ..PLAIN };
    for n in 0..30 {
        w.stored(&format!("u{n}"), None).await;
        // With the rule that keeps the body, and with the one that removes it.
        let rule = if n % 2 == 0 { keeps } else { PLAIN };
        let mut tasks = Vec::new();
        for recipient in [B, C] {
            let item = w.items(recipient).await.pop().unwrap().id;
            let w = w.clone();
            tasks.push(async move { w.put_with(item, recipient, Status::Success, rule).await });
        }
        at_once(tasks).await;
    }
    let had = w.number("SELECT COUNT(*) FROM kt1_message WHERE retrieved IS NOT NULL").await;
    assert_eq!(had, 30);
    assert_eq!(w.number("SELECT COUNT(*) FROM kt1_body").await, 15);
    assert_eq!(w.number("SELECT COUNT(*) FROM kt1_item WHERE expired = 1").await, 30);
});

both!(what_waits_is_known, |store| async move {
    let w = world(store).await;
    assert!(!w.read(|tx| mailbox::has_waiting(tx, B)).await);
    w.stored("u", None).await;
    assert!(w.read(|tx| mailbox::has_waiting(tx, B)).await);
    let waiting = w.read(|tx| mailbox::waiting(tx, &[B, C, 99])).await;
    assert_eq!(waiting.len(), 2);
    assert_eq!((waiting[0].recipient, waiting[0].since), (B, crate::world::START));
    let item = w.items(B).await[0].id;
    w.put(item, B, Status::Claimed).await;
    assert!(w.read(|tx| mailbox::has_waiting(tx, B)).await, "a claim can come back");
    w.put(item, B, Status::Failed).await;
    assert!(!w.read(|tx| mailbox::has_waiting(tx, B)).await);
});
