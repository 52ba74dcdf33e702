//! The outbox of mails on both engines: each goes out once, and what is secret in
//! it does not stay.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use koppeltaal_core::directory::Secret;
use koppeltaal_core::{Error, Timestamp};
use koppeltaal_store::mail::{self, Mail, NewMail, Outcome, State};
use koppeltaal_store::test_support::options;
use koppeltaal_store::{Ids, Store, both};

/// 2024-06-01T00:00:00Z.
const START: Timestamp = Timestamp(1_717_200_000_000_000);

fn at(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

async fn put(store: &Store, secret: bool) -> i64 {
    let mail = NewMail {
        recipient: "anna@ggz.example".to_owned(),
        subject: "Connection accepted".to_owned(),
        body: Secret("sealed".to_owned()),
        secret,
    };
    let ids = Ids::of_node(1);
    store.write(move |tx| mail::put(tx, &ids, &mail, at(0))).await.unwrap()
}

async fn lease(store: &Store, now: u64) -> Vec<Mail> {
    store.write(move |tx| mail::lease(tx, at(now), at(now + 60), 10)).await.unwrap()
}

async fn record(store: &Store, mail: &Mail, outcome: Outcome, now: u64) -> bool {
    let mail = mail.clone();
    store.write(move |tx| mail::record(tx, &mail, &outcome, at(now))).await.unwrap()
}

async fn find(store: &Store, id: i64) -> Mail {
    store.read(move |tx| mail::find(tx, id)).await.unwrap().unwrap()
}

both!(a_mail_is_leased_by_one_process_until_the_lease_ends, |store| async move {
    let id = put(&store, false).await;
    let other = Store::open(store.url(), &options()).await.unwrap();
    let mine = lease(&store, 1).await;
    assert_eq!(mine.iter().map(|mail| mail.id).collect::<Vec<_>>(), [id]);
    assert_eq!(lease(&other, 2).await, []);
    let theirs = lease(&other, 61).await;
    assert_eq!(theirs.len(), 1, "the first one did not come back");
    assert!(!record(&store, &mine[0], Outcome::Sent, 62).await, "its lease had ended");
    assert!(record(&other, &theirs[0], Outcome::Sent, 62).await);
    assert_eq!(lease(&store, 3600).await, []);
    let sent = find(&store, id).await;
    assert_eq!((sent.state, sent.sent, sent.attempts), (State::Sent, Some(at(62)), 1));
    assert_eq!(sent.body, Secret("sealed".to_owned()));
});

both!(a_mail_that_failed_waits_and_is_given_up_at_last, |store| async move {
    let id = put(&store, true).await;
    let mail = lease(&store, 1).await.remove(0);
    let again = Outcome::Again(at(100), "no connection".to_owned());
    assert!(record(&store, &mail, again, 2).await);
    assert_eq!(lease(&store, 99).await, []);
    let waiting = find(&store, id).await;
    assert_eq!((waiting.state, waiting.next_attempt), (State::Waiting, Some(at(100))));
    assert_eq!(waiting.error.as_deref(), Some("no connection"));
    let mail = lease(&store, 100).await.remove(0);
    assert!(record(&store, &mail, Outcome::GivenUp("550".to_owned()), 101).await);
    assert_eq!(find(&store, id).await.state, State::Failed);
    assert_eq!(find(&store, id).await.body, Secret("sealed".to_owned()), "it was not sent");
    assert_eq!(lease(&store, 10_000).await, []);
});

both!(what_is_secret_is_gone_once_it_is_sent, |store| async move {
    let id = put(&store, true).await;
    let mail = lease(&store, 1).await.remove(0);
    assert!(record(&store, &mail, Outcome::Sent, 2).await);
    assert_eq!(find(&store, id).await.body, Secret(String::new()));
    let kept = store.write(|tx| mail::forget_sent(tx, at(86_400 * 29))).await.unwrap();
    assert_eq!(kept, 0);
    let gone = store.write(|tx| mail::forget_sent(tx, at(86_400 * 31))).await.unwrap();
    assert_eq!(gone, 1);
});

both!(mails_are_listed_by_state_newest_first_in_pages, |store| async move {
    let first = put(&store, false).await;
    let second = put(&store, false).await;
    let mail = lease(&store, 1).await.remove(0);
    record(&store, &mail, Outcome::Sent, 2).await;
    let list = async |state, before| {
        let mails = store.read(move |tx| mail::list(tx, state, before, 1)).await.unwrap();
        mails.iter().map(|mail| mail.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None).await, [second.max(first)]);
    assert_eq!(list(None, Some(second.max(first))).await, [second.min(first)]);
    assert_eq!(list(Some(State::Sent), None).await, [mail.id]);
    assert!(list(Some(State::Failed), None).await.is_empty());
});

both!(a_header_cannot_be_smuggled_into_a_mail, |store| async move {
    for (recipient, subject) in
        [("a@b.nl\r\nBcc: c@d.nl", "Hello"), ("a@b.nl", "Hello\r\nBcc: c@d.nl"), ("nobody", "x")]
    {
        let mail = NewMail {
            recipient: recipient.to_owned(),
            subject: subject.to_owned(),
            body: Secret(String::new()),
            secret: false,
        };
        let ids = Ids::of_node(1);
        let refused = store.write(move |tx| mail::put(tx, &ids, &mail, at(0))).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{recipient} {subject}");
    }
});
