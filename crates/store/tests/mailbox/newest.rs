//! What tells whether anything has come: the stamp of the newest New item.

use koppeltaal_core::status::Status;
use koppeltaal_core::version::Stamp;
use koppeltaal_store::mailbox::Accepted;
use koppeltaal_store::{both, mailbox};

use crate::world::{B, C, START, incoming, world};

both!(the_newest_new_item_of_a_recipient_tells_what_has_come, |store| async move {
    let w = world(store).await;
    let newest = async |patient: Option<&'static str>| {
        w.read(move |tx| mailbox::newest_new(tx, B, patient)).await
    };
    let stored = async |focal: &str, patient: &str| {
        let mut incoming = incoming(focal, None);
        incoming.patient = Some(patient.to_owned());
        let Accepted::Stored { copies, .. } = w.accept(incoming).await else { panic!() };
        assert_eq!(copies.iter().map(|copied| copied.instance).collect::<Vec<_>>(), [B, C]);
        copies[0]
    };
    assert_eq!(newest(None).await, None);
    let first = stored("u1", "p1").await;
    assert_eq!(newest(None).await, Some(first.stamp));
    let second = stored("u2", "p2").await;
    assert!(second.stamp > first.stamp);
    assert_eq!(newest(None).await, Some(second.stamp));
    assert_eq!(newest(Some("p1")).await, Some(first.stamp));
    assert_eq!(newest(Some("nobody")).await, None);
    for copied in [first, second] {
        assert_eq!(w.claim(B, START).await.unwrap().item.id, copied.item);
    }
    assert_eq!((newest(None).await, newest(Some("p2")).await), (None, None));
    w.put(second.item, B, Status::New).await;
    let again: Stamp = newest(None).await.unwrap();
    assert!(again > second.stamp, "what is New again is news");
});
