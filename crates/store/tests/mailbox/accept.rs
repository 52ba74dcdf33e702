//! Accepting: versions, routing, superseding.

use koppeltaal_core::status::Status;
use koppeltaal_core::versioning::Decision;
use koppeltaal_store::mailbox::{Accepted, Part, Template};
use koppeltaal_store::test_support::count_audited;
use koppeltaal_store::{both, mailbox};

use crate::world::{B, C, D, E, START, at, at_once, incoming, resource, world};

both!(a_message_is_stored_with_its_versions_filled_in, |store| async move {
    let w = world(store).await;
    let version = w.stored("u", None).await;
    let item = w.items(B).await.remove(0);
    assert_eq!(item.header, format!("header/_history/{version}"));
    assert_eq!((item.focal.as_str(), item.focal_version.as_str()), ("u", version.as_str()));
    assert_eq!((item.status, item.claims, item.created), (Status::New, 0, START));
    let (number, message) = (item.id, item.message);
    let body = w.read(move |tx| mailbox::body(tx, message)).await.unwrap();
    assert_eq!(body.entries, format!("entries/_history/{version}"));
    assert_eq!(body.feed, "feed");
    let same = w.read(move |tx| mailbox::item_of(tx, number)).await.unwrap();
    assert_eq!(same, item);
    assert_eq!(w.read(|tx| mailbox::item_of(tx, 1)).await, None);
});

both!(more_resources_than_one_statement_locks_are_all_checked, |store| async move {
    let w = world(store).await;
    let mut many = incoming("u0", None);
    many.resources = (0..40).map(|n| resource(&format!("u{n}"), None)).collect();
    let Accepted::Stored { versions, .. } = w.accept(many).await else { panic!() };
    assert_eq!(versions.len(), 40);
    let version = versions[0].version.clone();
    let mut again = incoming("u0", Some(&version));
    again.resources = (0..40).rev().map(|n| resource(&format!("u{n}"), Some(&version))).collect();
    again.focal = 39;
    again.resources[1].digest = [8; 32];
    again.resources[20].version = Some("stale".to_owned());
    let Accepted::Refused(conflicts) = w.accept(again).await else { panic!() };
    assert_eq!(conflicts.len(), 1);
    assert_eq!(
        (conflicts[0].resource, conflicts[0].current.as_deref()),
        (20, Some(version.as_str()))
    );
    let mut again = incoming("u0", Some(&version));
    again.resources = (0..40).rev().map(|n| resource(&format!("u{n}"), Some(&version))).collect();
    again.focal = 39;
    again.resources[1].digest = [8; 32];
    let Accepted::Stored { versions, .. } = w.accept(again).await else { panic!() };
    let updated: Vec<usize> =
        (0..40).filter(|n| versions[*n].decision == Decision::Update).collect();
    assert_eq!(updated, [1, 39]);
    assert!(versions[39].version > version && versions[2].version == version);
});

both!(a_refused_or_checked_message_leaves_its_audit_row_alone, |store| async move {
    let w = world(store).await;
    w.stored("u", None).await;
    let count = "SELECT COUNT(*) FROM kt1_message";
    assert!(matches!(w.accept(incoming("u", None)).await, Accepted::Refused(_)));
    let mut checked = incoming("v", None);
    checked.validate_only = true;
    assert_eq!(w.accept(checked).await, Accepted::Valid);
    assert_eq!(w.number(count).await, 1);
    assert_eq!(w.number("SELECT COUNT(*) FROM kt1_resource").await, 1);
    assert_eq!(count_audited(&w.store, "1 = 1").await, 3);
});

both!(of_racing_updates_exactly_one_wins, |store| async move {
    let w = world(store).await;
    let other = w.process().await;
    let mut version = w.stored("u", None).await;
    for _ in 0..25 {
        let tasks = [w.clone(), other.clone(), w.clone(), other.clone()].map(|w| {
            let incoming = incoming("u", Some(&version));
            async move { w.accept(incoming).await }
        });
        let results = at_once(tasks).await;
        let won: Vec<_> = results
            .iter()
            .filter_map(|result| match result {
                Accepted::Stored { versions, .. } => Some(versions[0].version.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(won.len(), 1, "{results:?}");
        assert!(won[0] > version, "versions rise, whichever process gives them");
        version = won[0].clone();
    }
    assert_eq!(w.number("SELECT COUNT(*) FROM kt1_item WHERE status = 0").await, 2);
    assert_eq!(w.number("SELECT COUNT(DISTINCT focal_version) FROM kt1_message").await, 26);
});

both!(of_racing_creates_exactly_one_wins, |store| async move {
    let w = world(store).await;
    for round in 0..10 {
        let tasks = (0..4).map(|n| {
            let (w, url) = (w.clone(), format!("u{round}"));
            let mut incoming = incoming(&url, None);
            // Also beside different focal resources.
            if n % 2 == 1 {
                incoming.resources.insert(0, resource(&format!("v{round}-{n}"), None));
                incoming.focal = 1;
            }
            async move { matches!(w.accept(incoming).await, Accepted::Stored { .. }) }
        });
        let won = at_once(tasks).await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 1);
    }
});

both!(crosswise_messages_are_all_accepted, |store| async move {
    let w = world(store).await;
    let urls: Vec<String> = (0..40).map(|n| format!("shared{n}")).collect();
    let tasks = (0..12).map(|n| {
        let (w, mut urls) = (w.clone(), urls.clone());
        if n % 2 == 0 {
            urls.reverse();
        }
        let mut incoming = incoming(&format!("u{n}"), None);
        incoming.resources.extend(urls.iter().map(|url| {
            let mut resource = resource(url, None);
            resource.digest = [n; 32];
            resource
        }));
        async move { matches!(w.accept(incoming).await, Accepted::Stored { .. }) }
    });
    assert!(at_once(tasks).await.into_iter().all(|stored| stored));
});

both!(what_supersedes_names_every_waiting_copy_once, |store| async move {
    let w = world(store).await;
    let first = w.stored("u", None).await;
    let claimed = w.claim(B, at(1)).await.unwrap().item;
    w.put(claimed.id, B, Status::Success).await;
    let second = w.stored("u", Some(&first)).await;
    assert_eq!(w.statuses(B).await, [Status::Success, Status::New]);
    assert_eq!(w.statuses(C).await, [Status::ReplacedByNewVersion, Status::New]);
    // The first message is had by all now, the second by nobody.
    let had = "SELECT COUNT(*) FROM kt1_message WHERE retrieved IS NOT NULL";
    assert_eq!(w.number(had).await, 1);
    // Without recipients nothing is superseded, and the body may go.
    let mut for_nobody = incoming("u", Some(&second));
    for_nobody.recipients.clear();
    w.accept(for_nobody).await;
    assert_eq!(w.statuses(C).await, [Status::ReplacedByNewVersion, Status::New]);
    assert_eq!(w.number(had).await, 2);
});

both!(an_update_that_races_with_its_handling_ends_in_one_of_two_ways, |store| async move {
    let w = world(store).await;
    for round in 0..20 {
        let url = format!("u{round}");
        let version = w.stored(&url, None).await;
        let item = w.claim(B, at(1)).await.unwrap().item.id;
        let (first, second) = (w.clone(), w.clone());
        let update = tokio::spawn(async move { first.stored(&url, Some(&version)).await });
        let put = tokio::spawn(async move { second.put(item, B, Status::Success).await });
        update.await.unwrap();
        put.await.unwrap();
        let now = w.read(move |tx| mailbox::item_of(tx, item)).await.unwrap();
        let handled = [Status::Success, Status::ReplacedByNewVersion].contains(&now.status);
        assert!(handled, "{:?}", now.status);
        assert!(!w.items(B).await.iter().any(|item| item.status == Status::Claimed));
        while let Some(claimed) = w.claim(B, at(1)).await {
            w.put(claimed.item.id, B, Status::Success).await;
        }
    }
});

both!(domains_have_resources_of_their_own, |store| async move {
    let w = world(store).await;
    w.stored("u", None).await;
    let Accepted::Stored { .. } = w.accept_in(E, incoming("u", None), START).await else {
        panic!()
    };
    assert_eq!(w.items(B).await.len(), 1);
    let id = w.items(B).await[0].id;
    let other = w.scope(E).read(move |tx| mailbox::item_of(tx, id)).await.unwrap();
    assert_eq!(other, None);
    assert_eq!(w.number(&format!("SELECT COUNT(*) FROM kt1_item WHERE domain = {D}")).await, 2);
});

both!(announcements_go_with_their_message, |store| async move {
    let w = world(store).await;
    let mut announced = incoming("u", None);
    announced.recipients[0].announce = true;
    announced.header = Template(vec![Part::Text(String::new())]);
    w.accept(announced).await;
    assert_eq!(w.number("SELECT COUNT(*) FROM outbox").await, 1);
    let item = w.items(B).await[0].id;
    assert_eq!(w.number("SELECT item FROM outbox").await, item);
});
