//! The rows of reads, which are written together soon after.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::Timestamp;
use koppeltaal_core::audit::{Action, Entry, EventBody};
use koppeltaal_core::directory::Domain;
use koppeltaal_store::audit::{self, Filter};
use koppeltaal_store::{AuditLog, Ids, Store, both};

const D: i64 = 1;
const NOW: Timestamp = Timestamp(1_795_314_490_000_000);

fn row(detail: usize) -> Entry {
    Entry { detail: Some(detail.to_string()), ..Entry::new(Action::Read, NOW, "me") }
}

/// An event that can be there once.
fn once(detail: usize) -> Entry {
    let event = EventBody {
        shape: "{}".into(),
        date: NOW,
        content: None,
        keys: Vec::new(),
        id: Some("the-same".to_owned()),
    };
    Entry { resource: Some(event), ..row(detail) }
}

async fn written(store: &Store) -> Vec<String> {
    let scope = store.scope(&Domain { number: D, ..Domain::default() });
    let rows = scope.read(|tx| audit::search(tx, &Filter::default(), 100_000)).await.unwrap();
    rows.into_iter().filter_map(|row| row.detail).collect()
}

both!(rows_are_written_in_their_order_and_none_is_lost, |store| async move {
    let log = AuditLog::start(store.clone(), Arc::new(Ids::of_node(1)));
    for number in 0..5_000 {
        log.add(D, row(number));
    }
    log.flush().await;
    let expected: Vec<String> = (0..5_000).map(|number| number.to_string()).collect();
    assert_eq!(written(&store).await, expected);
});

both!(a_row_that_cannot_be_written_takes_no_other_with_it, |store| async move {
    let log = AuditLog::start(store.clone(), Arc::new(Ids::of_node(1)));
    log.add(D, row(1));
    log.add(D, once(2));
    log.flush().await;
    log.add(D, once(3));
    log.add(D, row(4));
    log.flush().await;
    assert_eq!(written(&store).await, ["1", "2", "4"]);
    log.add(D, row(5));
    log.flush().await;
    assert_eq!(written(&store).await, ["1", "2", "4", "5"]);
});

both!(a_store_that_has_ended_holds_nobody_up, |store| async move {
    let log = AuditLog::start(store.clone(), Arc::new(Ids::of_node(1)));
    store.close().await;
    log.add(D, row(1));
    tokio::time::timeout(Duration::from_secs(10), log.flush()).await.unwrap();
});
