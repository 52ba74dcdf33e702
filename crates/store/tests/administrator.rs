//! Administrators in the store, on both engines: locks, tokens, sessions and links
//! hold in every process.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use koppeltaal_core::administrator::{Rights, Role};
use koppeltaal_core::audit::Action;
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::administrator::{
    Account, Change, NewAccount, NewToken, account, account_by_login, change, create, create_token,
    end_session, failed, forget_expired, link, put_link, put_session, revoke_token, set_password,
    succeeded, token_by_digest, tokens, use_link, use_session,
};
use koppeltaal_store::directory::Author;
use koppeltaal_store::test_support::options;
use koppeltaal_store::{Ids, Store, Tx, audit, both};

/// 2024-06-01T00:00:00Z.
const START: Timestamp = Timestamp(1_717_200_000_000_000);

fn at(minutes: u64) -> Timestamp {
    START.plus(Duration::from_secs(minutes * 60))
}

fn author(minutes: u64) -> Author {
    Author { agent: "tester".to_owned(), recorded: at(minutes), request_id: None }
}

fn ids() -> Ids {
    Ids::of_node(1)
}

/// Another process on the same store.
async fn process(store: &Store) -> Store {
    Store::open(store.url(), &options()).await.unwrap()
}

async fn run<T: Send + 'static>(
    store: &Store,
    work: impl FnMut(&mut dyn Tx) -> Result<T> + Send + 'static,
) -> T {
    store.write(work).await.unwrap()
}

fn new(login: &str) -> NewAccount {
    NewAccount {
        login: login.to_owned(),
        name: None,
        email: None,
        rights: Rights::new(Role::Domain, ["demo".to_owned()]).unwrap(),
        password_hash: Some("first".to_owned()),
        totp: None,
    }
}

async fn anna(store: &Store) -> i64 {
    let ids = ids();
    run(store, move |tx| create(tx, &ids, &new("anna"), &author(0))).await
}

async fn read(store: &Store, number: i64) -> Account {
    store.read(move |tx| account(tx, number)).await.unwrap().unwrap()
}

async fn fail(store: &Store, number: i64, minutes: u64) -> bool {
    let ids = ids();
    run(store, move |tx| failed(tx, &ids, Some(number), "wrong", &author(minutes))).await
}

async fn succeed(store: &Store, number: i64, step: Option<i64>, minutes: u64) -> bool {
    let ids = ids();
    run(store, move |tx| succeeded(tx, &ids, number, step, "ok", &author(minutes))).await
}

/// What the trail says that belongs to no domain.
async fn trail(store: &Store) -> Vec<(String, String)> {
    let rows =
        store.read(|tx| audit::search_server(tx, &audit::Filter::default(), 100)).await.unwrap();
    rows.into_iter().map(|row| (row.action, row.detail.unwrap_or_default())).collect()
}

both!(a_login_belongs_to_one_account, |store| async move {
    let number = anna(&store).await;
    let ids = ids();
    let again = store.write(move |tx| create(tx, &ids, &new("anna"), &author(1))).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    let found = store.read(|tx| account_by_login(tx, "anna")).await.unwrap().unwrap();
    assert_eq!((found.number, found.active, found.created), (number, true, at(0)));
    assert_eq!(found.rights, new("anna").rights);
    let trail = trail(&store).await;
    assert_eq!(trail.len(), 1, "{trail:?}");
    assert_eq!(trail[0].1, "created administrator anna: domain demo");
});

both!(five_failures_within_a_quarter_lock_an_account_in_every_process_for_a_quarter, |store| {
    async move {
        let number = anna(&store).await;
        let other = process(&store).await;
        // Four that are too old to count with what follows.
        for minute in 0..4 {
            assert!(!fail(&store, number, minute).await);
        }
        for minute in [15, 16, 17, 18] {
            assert!(!fail(&other, number, minute).await, "{minute}");
        }
        assert!(fail(&store, number, 19).await);
        assert_eq!(read(&other, number).await.locked_until, at(34));
        // What is tried meanwhile does not make it longer.
        assert!(!fail(&other, number, 30).await);
        assert_eq!(read(&store, number).await.locked_until, at(34));
        assert!(!fail(&store, number, 35).await, "they are counted anew");
        let trail = trail(&store).await;
        assert!(trail.iter().any(|(action, detail)| {
            action == Action::SignIn.code() && detail.contains("locked for 15 minutes")
        }));
    }
});

both!(a_success_forgets_failures_and_a_code_works_once, |store| async move {
    let number = anna(&store).await;
    for minute in 0..4 {
        fail(&store, number, minute).await;
    }
    assert!(succeed(&store, number, Some(7), 4).await);
    for minute in 5..9 {
        assert!(!fail(&store, number, minute).await, "the count began again");
    }
    let other = process(&store).await;
    assert!(!succeed(&other, number, Some(7), 9).await, "the code was used");
    assert!(!succeed(&other, number, Some(6), 9).await, "one before it, too");
    assert!(succeed(&other, number, Some(8), 9).await);
    assert!(succeed(&other, number, None, 10).await, "Basic has no code");
    assert_eq!(read(&store, number).await.last_login, Some(at(10)));
});

both!(a_token_works_until_it_expires_or_is_revoked, |store| async move {
    let ids_one = ids();
    let number = run(&store, move |tx| {
        let new = NewToken {
            digest: [7; 32],
            name: "ci".to_owned(),
            rights: Rights::System,
            account: None,
            expires: Some(at(60)),
        };
        create_token(tx, &ids_one, &new, &author(0))
    })
    .await;
    let other = process(&store).await;
    let token = other.read(|tx| token_by_digest(tx, &[7; 32])).await.unwrap().unwrap();
    assert!(token.works(at(59)) && !token.works(at(60)));
    assert_eq!(other.read(|tx| token_by_digest(tx, &[8; 32])).await.unwrap(), None);
    let ids = ids();
    let revoked = run(&store, move |tx| revoke_token(tx, &ids, number, &author(5))).await;
    assert_eq!(revoked.unwrap().revoked, Some(at(5)));
    let token = other.read(|tx| token_by_digest(tx, &[7; 32])).await.unwrap().unwrap();
    assert!(!token.works(at(6)));
    assert_eq!(other.read(|tx| tokens(tx)).await.unwrap(), [token]);
});

both!(a_session_ends_when_idle_after_eight_hours_and_with_its_account, |store| async move {
    let number = anna(&store).await;
    let used = async |minutes: u64| {
        run(&store, move |tx| use_session(tx, &[1; 32], at(minutes))).await.is_some()
    };
    run(&store, move |tx| put_session(tx, &[1; 32], number, at(0))).await;
    assert!(used(14).await && used(28).await);
    assert!(!used(43).await, "idle");
    run(&store, move |tx| put_session(tx, &[2; 32], number, at(0))).await;
    for minutes in (0..480).step_by(10) {
        let seen = run(&store, move |tx| use_session(tx, &[2; 32], at(minutes))).await;
        assert_eq!(seen, Some(number), "{minutes}");
    }
    assert_eq!(run(&store, |tx| use_session(tx, &[2; 32], at(480))).await, None);
    run(&store, move |tx| put_session(tx, &[3; 32], number, at(500))).await;
    run(&store, |tx| end_session(tx, &[3; 32])).await;
    assert_eq!(run(&store, |tx| use_session(tx, &[3; 32], at(500))).await, None);
    run(&store, move |tx| put_session(tx, &[4; 32], number, at(500))).await;
    let (ids, of) = (ids(), read(&store, number).await);
    let off = Change { active: Some(false), ..Change::default() };
    run(&store, move |tx| change(tx, &ids, &of, &off, &author(500))).await;
    assert_eq!(run(&store, |tx| use_session(tx, &[4; 32], at(500))).await, None);
    run(&store, |tx| forget_expired(tx, at(2000))).await;
});

both!(a_link_works_once_and_ends_with_the_next_password, |store| async move {
    let number = anna(&store).await;
    run(&store, move |tx| put_link(tx, &[1; 32], number, at(30))).await;
    assert_eq!(store.read(|tx| link(tx, &[1; 32], at(30))).await.unwrap(), None);
    assert_eq!(store.read(|tx| link(tx, &[1; 32], at(29))).await.unwrap(), Some(number));
    assert_eq!(run(&store, |tx| use_link(tx, &[1; 32], at(29))).await, Some(number));
    assert_eq!(run(&store, |tx| use_link(tx, &[1; 32], at(29))).await, None);
    run(&store, move |tx| put_link(tx, &[2; 32], number, at(30))).await;
    run(&store, move |tx| put_link(tx, &[3; 32], number, at(30))).await;
    assert_eq!(run(&store, |tx| use_link(tx, &[2; 32], at(1))).await, None, "the last one counts");
    let (ids, of) = (ids(), read(&store, number).await);
    run(&store, move |tx| set_password(tx, &ids, &of, "second", &author(1))).await;
    assert_eq!(run(&store, |tx| use_link(tx, &[3; 32], at(1))).await, None);
    let account = read(&store, number).await;
    assert_eq!(account.password_hash.as_deref(), Some("second"));
    assert_eq!(account.history, ["first"]);
});
