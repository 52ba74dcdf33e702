//! What the authorization service keeps, on both engines: what works once works
//! once in all processes, and what has expired is forgotten.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use koppeltaal_core::directory::{Domain, Secret};
use koppeltaal_core::{Error, Timestamp};
use koppeltaal_store::authorization::{
    Session, SessionKind, SigningKey, TokenUse, add_signing_key, changes, forget_expired,
    put_session, read_session, revoke_token, revoked_tokens, signing_keys, spend, use_session,
};
use koppeltaal_store::test_support::options;
use koppeltaal_store::{Scope, Store, both};

/// 2024-06-01T00:00:00Z.
const START: Timestamp = Timestamp(1_717_200_000_000_000);

fn at(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

fn scope(store: &Store, number: i64) -> Scope {
    store.scope(&Domain { number, ..Domain::default() })
}

/// Another process on the same store.
async fn process(store: &Store) -> Store {
    Store::open(store.url(), &options()).await.unwrap()
}

async fn spent(scope: &Scope, token_use: TokenUse, issuer: &str, jti: &str, until: u64) -> bool {
    let (issuer, jti) = (issuer.to_owned(), jti.to_owned());
    scope.write(move |tx| spend(tx, token_use, &issuer, &jti, at(until))).await.unwrap()
}

async fn forget(store: &Store, now: u64, limit: i64) -> u64 {
    store.write(move |tx| forget_expired(tx, at(now), limit)).await.unwrap()
}

async fn change_number(store: &Store) -> i64 {
    let changes = store.read(changes).await.unwrap();
    changes.keys + changes.revocations
}

/// Runs all of these at once and waits for all.
async fn at_once<T: Send + 'static>(
    tasks: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

both!(an_id_is_spent_once_for_a_use_an_issuer_and_a_domain, |store| async move {
    let (one, two) = (scope(&store, 1), scope(&store, 2));
    assert!(spent(&one, TokenUse::Assertion, "a", "1", 60).await);
    assert!(!spent(&one, TokenUse::Assertion, "a", "1", 60).await);
    assert!(!spent(&one, TokenUse::Assertion, "a", "1", 600).await);
    assert!(spent(&one, TokenUse::Assertion, "b", "1", 60).await);
    assert!(spent(&one, TokenUse::Assertion, "a", "2", 60).await);
    assert!(spent(&one, TokenUse::Launch, "a", "1", 60).await);
    assert!(spent(&one, TokenUse::LaunchIntrospected, "a", "1", 60).await);
    assert!(spent(&one, TokenUse::LaunchAuthorized, "a", "1", 60).await);
    assert!(spent(&two, TokenUse::Assertion, "a", "1", 60).await);
    assert!(!spent(&scope(&process(&store).await, 1), TokenUse::Launch, "a", "1", 60).await);
});

both!(of_those_who_spend_an_id_at_once_one_wins, |store| async move {
    let other = process(&store).await;
    for round in 0..20 {
        let won = at_once((0..8).map(|racer| {
            let scope = scope(if racer % 2 == 0 { &store } else { &other }, 1);
            async move { spent(&scope, TokenUse::Launch, "a", &round.to_string(), 60).await }
        }))
        .await;
        assert_eq!(won.iter().filter(|won| **won).count(), 1);
    }
});

both!(a_spent_id_is_forgotten_when_its_time_is_over, |store| async move {
    let (one, two) = (scope(&store, 1), scope(&store, 2));
    for number in 0..7 {
        assert!(spent(&one, TokenUse::Assertion, "a", &number.to_string(), 60).await);
    }
    assert!(spent(&two, TokenUse::Assertion, "a", "early", 30).await);
    assert!(spent(&two, TokenUse::Assertion, "a", "late", 90).await);
    assert_eq!(forget(&store, 29, 100).await, 0);
    assert_eq!(forget(&store, 30, 100).await, 1);
    assert!(spent(&two, TokenUse::Assertion, "a", "early", 60).await);
    // In batches of a limited size.
    assert_eq!(forget(&store, 60, 5).await, 5);
    assert_eq!(forget(&store, 60, 5).await, 3);
    assert_eq!(forget(&store, 60, 5).await, 0);
    assert!(!spent(&two, TokenUse::Assertion, "a", "late", 90).await);
});

async fn put(scope: &Scope, kind: SessionKind, digest: u8, content: &str, until: u64) {
    let content = content.to_owned();
    let put = scope.write(move |tx| put_session(tx, kind, &[digest; 32], &content, at(until)));
    put.await.unwrap();
}

async fn take(scope: &Scope, kind: SessionKind, digest: u8, now: u64) -> Session {
    scope.write(move |tx| use_session(tx, kind, &[digest; 32], at(now))).await.unwrap()
}

async fn look(scope: &Scope, kind: SessionKind, digest: u8, now: u64) -> Session {
    scope.read(move |tx| read_session(tx, kind, &[digest; 32], at(now))).await.unwrap()
}

both!(a_session_is_fresh_once, |store| async move {
    use SessionKind::{Code, Login};
    let (one, two) = (scope(&store, 1), scope(&store, 2));
    put(&one, Login, 1, "login", 60).await;
    put(&one, Code, 1, "code", 60).await;
    put(&two, Code, 1, "elsewhere", 60).await;
    assert_eq!(look(&one, Code, 1, 0).await, Session::Fresh("code".to_owned()));
    assert_eq!(look(&one, Code, 1, 0).await, Session::Fresh("code".to_owned()));
    assert_eq!(take(&one, Code, 1, 0).await, Session::Fresh("code".to_owned()));
    assert_eq!(take(&one, Code, 1, 0).await, Session::Used("code".to_owned()));
    assert_eq!(look(&one, Code, 1, 0).await, Session::Used("code".to_owned()));
    assert_eq!(take(&two, Code, 1, 0).await, Session::Fresh("elsewhere".to_owned()));
    assert_eq!(take(&one, Login, 1, 59).await, Session::Fresh("login".to_owned()));
    assert_eq!(take(&one, Login, 2, 0).await, Session::Unknown);
    let twice = one.write(|tx| put_session(tx, Code, &[1; 32], "again", at(60))).await;
    assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
});

both!(an_expired_session_is_unknown_and_goes, |store| async move {
    let one = scope(&store, 1);
    put(&one, SessionKind::Code, 1, "unused", 60).await;
    put(&one, SessionKind::Code, 2, "used", 60).await;
    take(&one, SessionKind::Code, 2, 0).await;
    for digest in [1, 2] {
        assert_eq!(look(&one, SessionKind::Code, digest, 60).await, Session::Unknown);
        assert_eq!(take(&one, SessionKind::Code, digest, 60).await, Session::Unknown);
    }
    assert_eq!(forget(&store, 59, 10).await, 0);
    assert_eq!(forget(&store, 60, 10).await, 2);
    assert_eq!(take(&one, SessionKind::Code, 1, 0).await, Session::Unknown);
});

both!(of_those_who_use_a_session_at_once_one_gets_it_fresh, |store| async move {
    let other = process(&store).await;
    for round in 0..20 {
        put(&scope(&store, 1), SessionKind::Code, round, "code", 60).await;
        let got = at_once((0..8).map(|racer| {
            let scope = scope(if racer % 2 == 0 { &store } else { &other }, 1);
            async move { take(&scope, SessionKind::Code, round, 0).await }
        }))
        .await;
        let fresh = got.iter().filter(|got| matches!(got, Session::Fresh(_))).count();
        let used = got.iter().filter(|got| matches!(got, Session::Used(_))).count();
        assert_eq!((fresh, used), (1, 7));
    }
});

#[test]
fn the_content_of_a_session_and_a_key_are_not_shown() {
    assert_eq!(format!("{:?}", Session::Fresh("hidden".to_owned())), "Fresh(…)");
    assert!(!format!("{:?}", key(1, "kid")).contains("sealed key"));
}

fn key(number: i64, kid: &str) -> SigningKey {
    SigningKey {
        number,
        kid: kid.to_owned(),
        sealed: Secret("sealed key".to_owned()),
        created: at(1),
        signs_from: at(2),
        published_until: None,
    }
}

async fn add(scope: &Scope, number: i64, kid: &str, retire: u64) -> bool {
    let key = key(number, kid);
    scope.write(move |tx| add_signing_key(tx, &key, at(retire))).await.unwrap()
}

async fn keys(scope: &Scope) -> Vec<SigningKey> {
    scope.read(signing_keys).await.unwrap()
}

both!(keys_are_added_in_turn_and_retire_those_before, |store| async move {
    let (one, two) = (scope(&store, 1), scope(&store, 2));
    assert_eq!(keys(&one).await, []);
    assert!(!add(&one, 2, "too early", 0).await);
    assert!(add(&one, 1, "first", 10).await);
    assert!(!add(&one, 1, "again", 10).await);
    assert_eq!(keys(&one).await, [key(1, "first")]);
    assert!(add(&one, 2, "second", 20).await);
    assert!(add(&one, 3, "third", 30).await);
    assert!(add(&two, 1, "elsewhere", 40).await);
    let found = keys(&one).await;
    assert_eq!(
        found.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(),
        ["first", "second", "third"]
    );
    let ends: Vec<_> = found.iter().map(|key| key.published_until).collect();
    assert_eq!(ends, [Some(at(20)), Some(at(30)), None]);
    assert_eq!(keys(&two).await, [key(1, "elsewhere")]);
});

both!(of_processes_that_add_a_key_at_once_one_does, |store| async move {
    let other = process(&store).await;
    for number in 1..=10 {
        let added = at_once((0..6).map(|racer| {
            let scope = scope(if racer % 2 == 0 { &store } else { &other }, 1);
            async move { add(&scope, number, &format!("{number}-{racer}"), 10).await }
        }))
        .await;
        assert_eq!(added.iter().filter(|added| **added).count(), 1);
    }
    let found = keys(&scope(&store, 1)).await;
    assert_eq!(
        found.iter().map(|key| key.number).collect::<Vec<_>>(),
        (1..=10).collect::<Vec<_>>()
    );
    assert_eq!(found.iter().filter(|key| key.published_until.is_none()).count(), 1);
    assert_eq!(change_number(&store).await, 10);
});

both!(a_key_that_is_published_no_more_loses_its_private_part, |store| async move {
    let one = scope(&store, 1);
    add(&one, 1, "first", 0).await;
    add(&one, 2, "second", 20).await;
    assert_eq!(forget(&store, 19, 10).await, 0);
    assert_eq!(forget(&store, 20, 10).await, 1);
    assert_eq!(forget(&store, 21, 10).await, 0);
    let sealed: Vec<_> = keys(&one).await.into_iter().map(|key| key.sealed.0).collect();
    assert_eq!(sealed, ["", "sealed key"]);
});

both!(a_revoked_token_is_listed_until_it_expires, |store| async move {
    let revoke = async |domain, jti: &'static str, until| {
        scope(&store, domain).write(move |tx| revoke_token(tx, jti, at(until))).await.unwrap();
    };
    let listed = async |now| {
        let listed = store.read(move |tx| revoked_tokens(tx, at(now))).await.unwrap();
        listed.into_iter().map(|(domain, jti)| format!("{domain} {jti}")).collect::<Vec<_>>()
    };
    revoke(1, "a", 60).await;
    revoke(1, "a", 60).await;
    revoke(2, "a", 60).await;
    revoke(1, "b", 90).await;
    assert_eq!(listed(0).await, ["1 a", "1 b", "2 a"]);
    assert_eq!(listed(60).await, ["1 b"]);
    assert_eq!(forget(&store, 60, 10).await, 2);
    assert_eq!(listed(0).await, ["1 b"]);
});

both!(every_new_key_and_revocation_raises_the_number_of_changes, |store| async move {
    let one = scope(&store, 1);
    let start = change_number(&store).await;
    add(&one, 1, "first", 0).await;
    assert_eq!(change_number(&store).await, start + 1);
    add(&one, 1, "again", 0).await;
    assert_eq!(change_number(&store).await, start + 1, "nothing changed");
    for raised in [2, 2] {
        one.write(|tx| revoke_token(tx, "t", at(60))).await.unwrap();
        assert_eq!(change_number(&process(&store).await).await, start + raised);
    }
    scope(&store, 2).write(|tx| revoke_token(tx, "t", at(60))).await.unwrap();
    assert_eq!(change_number(&store).await, start + 3);
});
