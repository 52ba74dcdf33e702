//! What senders see of their messages: recipients and statuses, filtered and in pages, read from an
//! index.

use koppeltaal_core::event::Event;
use koppeltaal_core::sent::SentMessage;
use koppeltaal_core::status::Status;
use koppeltaal_core::{Result, Timestamp};
use koppeltaal_store::mailbox::{self, Recipient, Sent, SentFilter};
use koppeltaal_store::test_support::in_domain;
use koppeltaal_store::{Dialect, Tx, both};

use crate::explained::{Explained, rows};
use crate::world::{A, B, C, D, E, World, at, incoming, world};

/// Another sender.
const OTHER: i64 = 20;

const FIRST: Sent = Sent { newest_first: false, after: None, offset: 0, limit: 100 };

fn by(sender: i64) -> SentFilter {
    SentFilter { sender: Some(sender), ..SentFilter::default() }
}

async fn send(w: &World, focal: &str, sender: i64, seconds: u64) {
    let mut message = incoming(focal, None);
    message.sender = sender;
    w.accept_in(D, message, at(seconds)).await;
}

async fn sent(w: &World, filter: SentFilter, page: Sent) -> Vec<SentMessage> {
    w.read(move |tx| mailbox::sent(tx, &filter, page)).await
}

async fn focals(w: &World, filter: SentFilter, page: Sent) -> Vec<String> {
    sent(w, filter, page).await.into_iter().map(|message| message.focal).collect()
}

both!(a_sender_sees_each_recipient_of_its_messages, |store| async move {
    let w = world(store).await;
    send(&w, "u1", A, 0).await;
    send(&w, "u2", OTHER, 1).await;
    let mut elsewhere = incoming("u1", None);
    elsewhere.sender = A;
    w.accept_in(E, elsewhere, at(2)).await;
    let claimed = w.claim(B, at(10)).await.unwrap();
    w.put(claimed.item.id, B, Status::Failed).await;
    let of_c = w.items(C).await[0].id;
    w.put(of_c, C, Status::Success).await;

    let found = sent(&w, by(A), FIRST).await;
    assert_eq!(found.len(), 1);
    let message = &found[0];
    assert_eq!(message.identifier, "message about u1");
    assert_eq!((message.focal.as_str(), message.patient.as_deref()), ("u1", Some("p")));
    assert_eq!((message.sender, message.created), (Some(A), at(0)));
    assert_eq!((message.retrieved, message.expired), (None, None));
    let seen: Vec<_> = message
        .recipients
        .iter()
        .map(|copy| (copy.recipient, copy.status, copy.claims, copy.exception.as_deref()))
        .collect();
    assert_eq!(seen, [(B, Status::Failed, 1, Some("why")), (C, Status::Success, 0, None)]);
    assert_eq!(message.recipients[1].item, of_c);
    assert_eq!(message.recipients[1].changed, at(1));

    let number = message.number;
    assert_eq!(w.read(move |tx| mailbox::sent_message(tx, number)).await.as_ref(), Some(message));
    assert_eq!(w.read(move |tx| mailbox::sent_with_copy(tx, of_c)).await.as_ref(), Some(message));
    assert_eq!(w.read(|tx| mailbox::sent_with_copy(tx, 1)).await, None);
    assert_eq!(w.read(|tx| mailbox::sent_message(tx, 1)).await, None);
});

both!(sent_messages_are_filtered_and_paged, |store| async move {
    let w = world(store).await;
    for n in 0..6 {
        send(&w, &format!("u{n}"), if n == 3 { OTHER } else { A }, n * 10).await;
    }
    // A message without recipients, and the server's own.
    let mut nobody = incoming("u9", None);
    nobody.recipients = Vec::<Recipient>::new();
    w.accept_in(D, nobody, at(90)).await;
    for item in w.items(B).await.into_iter().take(2) {
        w.put(item.id, B, Status::Success).await;
    }
    for item in w.items(C).await.into_iter().take(1) {
        w.put(item.id, C, Status::Success).await;
    }
    let failed = w.items(C).await[4].id;
    w.put(failed, C, Status::Failed).await;

    let with = |change: &dyn Fn(&mut SentFilter)| {
        let mut filter = by(A);
        change(&mut filter);
        filter
    };
    let at = |seconds: u64| Some(at(seconds));
    for (filter, expected) in [
        (by(A), "u0 u1 u2 u4 u5 u9"),
        (by(OTHER), "u3"),
        (by(99), ""),
        (SentFilter::default(), "u0 u1 u2 u3 u4 u5 u9"),
        (with(&|f| f.status = Some(Status::Success)), "u0 u1"),
        (with(&|f| f.status = Some(Status::New)), "u1 u2 u4 u5"),
        (with(&|f| f.status = Some(Status::Failed)), "u4"),
        (with(&|f| f.status = Some(Status::ReplacedByNewVersion)), ""),
        (SentFilter { status: Some(Status::Failed), ..SentFilter::default() }, "u4"),
        (with(&|f| f.identifier = Some("message about u2".to_owned())), "u2"),
        (with(&|f| f.identifier = Some("message about u3".to_owned())), ""),
        (with(&|f| f.event = Some(Event::CreateOrUpdatePatient)), "u0 u1 u2 u4 u5 u9"),
        (with(&|f| f.event = Some(Event::CreateOrUpdateCarePlan)), ""),
        (with(&|f| f.from = at(20)), "u2 u4 u5 u9"),
        (with(&|f| f.until = at(20)), "u0 u1"),
        (with(&|f| (f.from, f.until) = (at(10), at(41))), "u1 u2 u4"),
    ] {
        assert_eq!(focals(&w, filter.clone(), FIRST).await.join(" "), expected, "{filter:?}");
        let count = expected.split_whitespace().count() as i64;
        let counted = filter.clone();
        assert_eq!(w.read(move |tx| mailbox::count_sent(tx, &counted, 100)).await, count);
        for newest_first in [false, true] {
            let mut expected: Vec<&str> = expected.split_whitespace().collect();
            if newest_first {
                expected.reverse();
            }
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = Sent { newest_first, after, offset: 0, limit: 2 };
                let found = sent(&w, filter.clone(), page).await;
                let Some(last) = found.last() else { break };
                after = Some(last.number);
                seen.extend(found.into_iter().map(|message| message.focal));
            }
            assert_eq!(seen, expected, "{filter:?}");
            let page = Sent { newest_first, after: None, offset: 1, limit: 2 };
            let second: Vec<_> = expected.into_iter().skip(1).take(2).collect();
            assert_eq!(focals(&w, filter.clone(), page).await, second, "{filter:?}");
        }
    }
    assert_eq!(w.read(|tx| mailbox::count_sent(tx, &by(A), 3)).await, 3);
});

/// Refuses a plan that reads more than `most` rows, or (where no number is told) that does not find
/// messages and copies by an index.
fn check(dialect: Dialect, plan: &str, index: &str, most: u64) {
    match dialect {
        Dialect::Sqlite => assert!(!plan.contains("SCAN m") && plan.contains(index), "{plan}"),
        Dialect::Postgres => {
            let is_too_much = |line: &&str| line.contains("Seq Scan on") || rows(line) > most;
            assert_eq!(plan.lines().find(is_too_much), None, "{plan}");
        }
    }
}

both!(a_page_of_what_was_sent_reads_no_more, |store| async move {
    let w = world(store).await;
    let mut last = Timestamp(0);
    for n in 0..1_200_u64 {
        let sender = if n % 100 == 7 { OTHER } else { A };
        send(&w, &format!("u{n}"), sender, n).await;
        last = at(n);
    }
    // All but a few are done.
    let done = "UPDATE kt1_item SET status = 2 WHERE domain = $1 AND id % 97 <> 0";
    let marked = "UPDATE kt1_message SET retrieved = 1 WHERE domain = $1 AND NOT EXISTS
        (SELECT 1 FROM kt1_item i WHERE i.domain = $1 AND i.message = kt1_message.id
         AND i.status <> 2)";
    let work = move |tx: &mut dyn Tx| -> Result<()> {
        tx.execute(done, koppeltaal_store::args![D])?;
        tx.execute(marked, koppeltaal_store::args![D]).map(drop)
    };
    w.store.write(work).await.unwrap();
    let middle = Some(at(600));
    for (filter, index) in [
        (by(A), "kt1_message_sender"),
        (by(OTHER), "kt1_message_sender"),
        (SentFilter { status: Some(Status::New), ..by(A) }, "kt1_message_unprocessed"),
        (SentFilter { status: Some(Status::Failed), ..by(OTHER) }, "kt1_message_unprocessed"),
        (SentFilter { from: middle, ..by(A) }, "kt1_message_sender"),
        (SentFilter { from: Some(last), ..by(A) }, "kt1_message_sender"),
        (
            SentFilter { identifier: Some("message about u77".to_owned()), ..by(A) },
            "kt1_message_identifier",
        ),
        (
            SentFilter {
                identifier: Some("message about u77".to_owned()),
                status: Some(Status::New),
                ..by(A)
            },
            "kt1_message_identifier",
        ),
        (SentFilter { from: middle, ..SentFilter::default() }, "PRIMARY KEY"),
    ] {
        for newest_first in [false, true] {
            let page = Sent { newest_first, after: None, offset: 0, limit: 10 };
            let asked = filter.clone();
            let work = move |tx: &mut dyn Tx| {
                let mut tx = Explained { tx, plans: Vec::new() };
                mailbox::sent(&mut in_domain(&mut tx, D), &asked, page)?;
                Ok(tx.plans)
            };
            let plans = w.store.read(work).await.unwrap();
            let index = match index {
                "PRIMARY KEY" => "USING INDEX sqlite_autoindex_kt1_message_1",
                index => index,
            };
            check(w.store.dialect(), &plans[0], index, 40);
            if let Some(of_recipients) = plans.get(1) {
                check(w.store.dialect(), of_recipients, "kt1_item_message", 40);
            }
        }
    }
});
