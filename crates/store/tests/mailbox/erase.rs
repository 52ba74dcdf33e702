//! Erasing a patient, in pages.

use koppeltaal_store::mailbox::{self, Erasure};
use koppeltaal_store::{args, both};

use crate::world::{World, incoming, resource, world};

async fn filled(w: &World) {
    for n in 0..9 {
        let mut incoming = incoming(&format!("u{n}"), None);
        let patient = if n % 3 == 0 { "gone" } else { "stays" };
        incoming.patient = (n != 6).then(|| patient.to_owned());
        incoming.resources[0].patient = Some(patient.to_owned());
        if n == 6 {
            // Found by its focal resource alone.
            incoming.resources[0] = resource("gone", None);
            incoming.resources[0].patient = None;
        }
        incoming.recipients[0].announce = true;
        w.accept(incoming).await;
    }
    // The sender names somebody else; the focal resource is about the patient.
    let mut told_by_kin = incoming("u9", None);
    told_by_kin.patient = Some("kin".to_owned());
    told_by_kin.resources[0].patient = Some("gone".to_owned());
    w.accept(told_by_kin).await;
}

both!(messages_and_resources_of_a_patient_are_found_and_removed, |store| async move {
    let w = world(store).await;
    filled(&w).await;
    // A notification that was attempted.
    w.store
        .write(|tx| {
            tx.execute(
                "INSERT INTO attempt (domain, notification, number, started, duration_ms, resent)
                 SELECT domain, id, 1, 0, 0, 0 FROM outbox",
                args![],
            )
        })
        .await
        .unwrap();
    let (mut messages, mut from) = (Vec::new(), Some(0));
    while let Some(after) = from {
        let (some, next) = w.read(move |tx| mailbox::find_messages_of(tx, "gone", after, 2)).await;
        messages.extend(some);
        from = next;
    }
    assert_eq!(messages.len(), 4);
    let (mut urls, mut from) = (Vec::new(), Some(String::new()));
    while let Some(after) = from {
        let (some, next) =
            w.read(move |tx| mailbox::find_resources_of(tx, "gone", &after, 2)).await;
        urls.extend(some);
        from = next;
    }
    assert_eq!(urls, ["gone", "u0", "u3", "u9"], "in the order of their bytes");
    let counted = messages.clone();
    let counted = w.read(move |tx| mailbox::count_messages(tx, &counted)).await;
    assert_eq!(
        counted,
        Erasure { messages: 4, items: 8, resources: 0, launches: 0, storage_items: 0 }
    );
    let erased = w.write(move |tx, _| mailbox::erase_messages(tx, &messages)).await;
    assert_eq!(erased, counted);
    assert_eq!(w.write(move |tx, _| mailbox::erase_resources(tx, &urls)).await, 4);
    for (table, left) in [
        ("kt1_message", 6),
        ("kt1_item", 12),
        ("kt1_body", 6),
        ("kt1_resource", 6),
        ("outbox", 6),
        ("attempt", 6),
    ] {
        assert_eq!(w.number(&format!("SELECT COUNT(*) FROM {table}")).await, left, "{table}");
    }
});
