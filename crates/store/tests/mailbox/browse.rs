//! Lists of headers, for the recipient and for operators.

use koppeltaal_core::event::Event;
use koppeltaal_core::status::Status;
use koppeltaal_store::both;
use koppeltaal_store::mailbox::{self, Browse, Key, ListingFilter, Page};

use crate::world::{A, B, C, World, at, incoming, world};

async fn filled(w: &World) {
    for n in 0..6 {
        let mut incoming = incoming(&format!("u{n}"), None);
        incoming.patient = Some(if n < 3 { "p1" } else { "p2" }.to_owned());
        if n % 2 == 1 {
            incoming.event = Event::CreateOrUpdateCarePlan;
        }
        w.accept_in(crate::world::D, incoming, at(n)).await;
    }
}

async fn focals(w: &World, browse: &Browse, page: Page) -> (Vec<String>, bool) {
    let browse = browse.clone();
    let (items, more) = w.read(move |tx| mailbox::browse(tx, &browse, page)).await;
    (items.into_iter().map(|item| item.focal).collect(), more)
}

both!(every_filter_narrows_and_counts, |store| async move {
    let w = world(store).await;
    filled(&w).await;
    let item = w.items(B).await.remove(0);
    w.put(item.id, B, Status::Failed).await;
    w.write(move |tx, _| mailbox::expire(tx, item.message, at(9))).await;
    let all = Browse { recipient: B, ..Browse::default() };
    let plan = Some(Event::CreateOrUpdateCarePlan);
    for (browse, expected) in [
        (all.clone(), &["u1", "u2", "u3", "u4", "u5"][..]),
        (Browse { include_expired: true, ..all.clone() }, &["u0", "u1", "u2", "u3", "u4", "u5"]),
        (Browse { event: plan, ..all.clone() }, &["u1", "u3", "u5"]),
        (Browse { status: Some(Status::New), ..all.clone() }, &["u1", "u2", "u3", "u4", "u5"]),
        (Browse { status: Some(Status::Failed), ..all.clone() }, &[]),
        (Browse { status: Some(Status::Failed), include_expired: true, ..all.clone() }, &["u0"]),
        (Browse { patient: Some("p2".into()), ..all.clone() }, &["u3", "u4", "u5"]),
        (
            Browse {
                patient: Some("p2".into()),
                event: plan,
                status: Some(Status::New),
                ..all.clone()
            },
            &["u3", "u5"],
        ),
        (Browse { recipient: 99, ..all.clone() }, &[]),
    ] {
        let whole = Page { count: 100, offset: 0, after: None };
        assert_eq!(
            focals(&w, &browse, whole).await,
            (expected.iter().map(|s| (*s).to_owned()).collect(), false)
        );
        let counted = browse.clone();
        let total = w.read(move |tx| mailbox::count(tx, &counted, 1000)).await;
        assert_eq!(total, expected.len() as i64);
    }
    assert_eq!(w.read(move |tx| mailbox::count(tx, &all, 2)).await, 2, "counted up to a limit");
});

both!(pages_follow_each_other, |store| async move {
    let w = world(store).await;
    filled(&w).await;
    let all = Browse { recipient: B, ..Browse::default() };
    let third = w.items(B).await[2].id;
    for (offset, after, expected, more) in [
        (0, None, &["u0", "u1"][..], true),
        (2, None, &["u2", "u3"], true),
        (4, None, &["u4", "u5"], false),
        (6, None, &[], false),
        (i64::MAX, None, &[], false),
        (77, Some(third), &["u3", "u4"], true),
        (0, Some(i64::MAX), &[], false),
        (0, Some(-5), &["u0", "u1"], true),
    ] {
        let page = Page { count: 2, offset, after };
        let expected: Vec<String> = expected.iter().map(|s| (*s).to_owned()).collect();
        assert_eq!(focals(&w, &all, page).await, (expected, more), "{page:?}");
    }
});

both!(one_message_is_found_by_number_or_identifier, |store| async move {
    let w = world(store).await;
    filled(&w).await;
    w.accept(incoming("v", None)).await;
    let items = w.items(B).await;
    let read = async |recipient: i64, key: Key| {
        w.read(move |tx| mailbox::read(tx, recipient, &key)).await.map(|item| item.id)
    };
    assert_eq!(read(B, Key::Number(items[2].id)).await, Some(items[2].id));
    assert_eq!(read(C, Key::Number(items[2].id)).await, None);
    assert_eq!(read(B, Key::Identifier(items[2].identifier.clone())).await, Some(items[2].id));
    assert_eq!(read(B, Key::Identifier("unknown".into())).await, None);
    assert_eq!(read(99, Key::Identifier(items[2].identifier.clone())).await, None);
});

both!(operators_list_copies_of_every_mailbox, |store| async move {
    let w = world(store).await;
    filled(&w).await;
    let item = w.items(B).await[3].id;
    w.put(item, B, Status::Failed).await;
    for (filter, count) in [
        (ListingFilter::default(), 12),
        (ListingFilter { recipient: Some(C), ..ListingFilter::default() }, 6),
        (ListingFilter { status: Some(Status::Failed), ..ListingFilter::default() }, 1),
        (
            ListingFilter {
                event: Some(Event::CreateOrUpdateCarePlan),
                ..ListingFilter::default()
            },
            6,
        ),
        (ListingFilter { patient: Some("p1".into()), ..ListingFilter::default() }, 6),
        (ListingFilter { from: Some(at(3)), ..ListingFilter::default() }, 6),
        (ListingFilter { after: Some(item), recipient: Some(B), ..ListingFilter::default() }, 2),
    ] {
        let shown = format!("{filter:?}");
        let found = w.read(move |tx| mailbox::list(tx, &filter, 100)).await;
        assert_eq!(found.len(), count, "{shown}");
        assert!(found.iter().all(|listing| listing.sender == Some(A)));
    }
    let first = w.read(|tx| mailbox::list(tx, &ListingFilter::default(), 1)).await;
    assert_eq!(first.len(), 1);
    assert_eq!(w.read(move |tx| mailbox::find(tx, item)).await.unwrap().item.id, item);
    assert_eq!(w.read(|tx| mailbox::find(tx, 1)).await, None);
});
