//! Connections that were started, and notes among processes, on both engines.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use koppeltaal_core::Timestamp;
use koppeltaal_core::directory::Domain;
use koppeltaal_store::test_support::{options, postgres};
use koppeltaal_store::{Heard, Scope, Store, both, hub};

const START: Timestamp = Timestamp(1_717_200_000_000_000);

fn scope(store: &Store, number: i64) -> Scope {
    store.scope(&Domain { number, ..Domain::default() })
}

both!(a_call_is_found_in_its_domain_and_forgotten_later, |store| async move {
    let start = async |id: u8, now: Timestamp| {
        scope(&store, 1).write(move |tx| hub::start(tx, 7, [id; 16], now)).await.unwrap();
    };
    let is_started = async |domain: i64, instance: i64, id: u8| {
        let scope = scope(&store, domain);
        scope.read(move |tx| hub::is_started(tx, instance, [id; 16])).await.unwrap()
    };
    start(1, START).await;
    start(1, START.plus(Duration::from_secs(1))).await;
    assert!(is_started(1, 7, 1).await);
    assert!(!is_started(2, 7, 1).await && !is_started(1, 8, 1).await && !is_started(1, 7, 2).await);
    let since = async |now: Timestamp| {
        scope(&store, 1).read(move |tx| hub::started_since(tx, now)).await.unwrap()
    };
    assert_eq!(since(START.plus(Duration::from_secs(1))).await, [(7, [1; 16])]);
    let later = START.plus(hub::KEPT * 2);
    assert_eq!(since(later).await, []);
    start(2, later).await;
    assert!(!is_started(1, 7, 1).await && is_started(1, 7, 2).await);
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_hear_each_other_and_not_themselves() {
    let url = postgres().await;
    let open = async || {
        let store = Store::open(&url, &options()).await.unwrap();
        let words = Arc::new(Mutex::new(Vec::new()));
        let heard = words.clone();
        let hear = move |word: Heard<'_>| {
            if let Heard::Word(word) = word {
                heard.lock().unwrap().push(word.to_owned());
            }
        };
        let (notes, listening) = store.notes(hear).unwrap();
        assert!(notes.has_others());
        (store, words, notes, listening)
    };
    let (one, other) = (open().await, open().await);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    // Until both listen, words may be missed.
    while !other.1.lock().unwrap().contains(&"last".to_owned()) {
        assert!(tokio::time::Instant::now() < deadline, "never heard");
        one.2.tell(["first".to_owned(), "last".to_owned()]);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let words = other.1.lock().unwrap().clone();
    assert_eq!(words[..2], ["first", "last"]);
    assert!(one.1.lock().unwrap().is_empty(), "nobody hears himself");
    one.0.close().await;
    other.0.close().await;
}
