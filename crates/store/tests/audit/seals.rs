//! Seals: whatever is changed behind them is found, and nothing else.

use std::time::Duration;

use koppeltaal_core::Error;
use koppeltaal_core::audit::Entry;
use koppeltaal_store::audit::{self, SERVER, TrailKey};
use koppeltaal_store::both;
use koppeltaal_store::test_support::postgres_store;

use crate::world::{D, E, START, World, plain, read, world};

const MONTH: &str = "audit_202611";

/// Three seals of three rows each.
async fn sealed(store: koppeltaal_store::Store) -> World {
    let w = world(store).await;
    for _ in 0..3 {
        let mut entries = vec![plain(w.now()), read(w.now(), "{\"a\":1}", "Task/1")];
        entries.push(Entry { detail: Some("a word".to_owned()), ..plain(w.now()) });
        w.append(&entries).await;
        w.append_in(E, &[plain(w.now())]).await;
        w.seal().await;
    }
    let verdict = w.holds().await;
    assert_eq!((verdict.sealed, verdict.seals, verdict.unsealed), (9, 3, 0));
    w
}

both!(rows_are_sealed_when_their_time_has_come, |store| async move {
    let w = world(store).await;
    w.append(&[plain(w.now())]).await;
    assert_eq!(w.try_seal().await.rows, 0, "younger than the grace");
    let verdict = w.holds().await;
    assert_eq!((verdict.sealed, verdict.unsealed), (0, 1));
    assert_eq!(verdict.unsealed_since, Some(START));
    w.advance(Duration::from_secs(8));
    let clock = w.clock.as_ref();
    let patient = Duration::from_secs(10);
    let patient = audit::seal(&w.store, &w.ids, &w.key, clock, patient).await.unwrap();
    assert_eq!(patient.rows, 0, "it waits for company");
    assert_eq!((w.try_seal().await.rows, w.try_seal().await.rows), (1, 0));
    let verdict = w.holds().await;
    assert_eq!((verdict.sealed, verdict.unsealed, verdict.unsealed_since), (1, 0, None));
    assert_eq!(audit::domains(&w.store).await.unwrap(), [D]);
});

both!(the_server_and_every_domain_have_chains_of_their_own, |store| async move {
    let w = world(store).await;
    let many: Vec<Entry> = (0..12_000).map(|_| plain(w.now())).collect();
    for domain in [D, E, SERVER] {
        w.append_in(domain, &many[..1000]).await;
    }
    w.append(&many).await;
    let sealed = w.seal().await;
    assert_eq!((sealed.rows, sealed.seals), (15_000, 5));
    for domain in [D, E, SERVER] {
        let verdict = audit::verify(&w.store, &w.key, domain).await.unwrap();
        assert_eq!((verdict.wrong, verdict.unsealed), (None, 0));
    }
    assert_eq!(audit::domains(&w.store).await.unwrap(), [SERVER, D, E]);
});

both!(every_field_of_a_row_is_covered, |store| async move {
    let w = sealed(store).await;
    let changes = [
        ("action", "'create'"),
        ("recorded", "recorded + 1"),
        ("instance", "8"),
        ("instance", "NULL"),
        ("agent", "agent || ' '"),
        ("event", "1"),
        ("patient", "'Patient/2'"),
        ("focal", "'Task/2'"),
        ("version", "'4'"),
        ("item", "1"),
        ("outcome", "'403'"),
        ("detail", "''"),
        ("request_id", "trace_id"),
        ("trace_id", "NULL"),
        ("correlation_id", "'c'"),
        ("given", "'g'"),
        ("shape", "0"),
        ("shape", "2"),
        ("date", "date + 1"),
        ("content", "'{}'"),
    ];
    for (column, value) in changes {
        let one = format!("domain = 1 AND id = (SELECT min(id) FROM {MONTH} WHERE shape > 0)");
        let copy = format!("CREATE TABLE copy AS SELECT * FROM {MONTH} WHERE {one}");
        w.tamper(&copy).await;
        let changed = format!("UPDATE {MONTH} SET {column} = {value} WHERE {one}");
        assert_eq!(w.tamper(&changed).await, 1);
        let wrong = w.wrong().await;
        assert!(wrong.starts_with("seal 1 does not hold: a row was changed"), "{column}: {wrong}");
        w.tamper(&format!("DELETE FROM {MONTH} WHERE id = (SELECT id FROM copy)")).await;
        w.tamper(&format!("INSERT INTO {MONTH} SELECT * FROM copy")).await;
        w.tamper("DROP TABLE copy").await;
        w.holds().await;
    }
});

both!(a_missing_row_is_found_wherever_it_was, |store| async move {
    let w = sealed(store).await;
    w.tamper(&format!("CREATE TABLE copy AS SELECT * FROM {MONTH}")).await;
    for (place, seal) in [("min(id)", 1), ("max(id)", 3)] {
        w.tamper(&format!(
            "DELETE FROM {MONTH} WHERE domain = 1
             AND id = (SELECT {place} FROM copy WHERE domain = 1)"
        ))
        .await;
        let wrong = w.wrong().await;
        assert!(
            wrong.starts_with(&format!("seal {seal} does not hold: 1 rows are missing (rows ")),
            "{wrong}"
        );
        w.tamper(&format!("DELETE FROM {MONTH}")).await;
        w.tamper(&format!("INSERT INTO {MONTH} SELECT * FROM copy")).await;
    }
    w.holds().await;
    w.tamper(&format!("DELETE FROM {MONTH}")).await;
    assert!(w.wrong().await.contains("3 rows are missing"));
    w.tamper("DELETE FROM audit_month WHERE month > 0").await;
    assert!(w.wrong().await.contains("3 rows are missing"));
});

both!(an_added_row_is_found_wherever_it_is, |store| async move {
    let w = sealed(store).await;
    let columns = "domain, action, recorded, agent, outcome, id";
    for (place, sign, seal) in [("min(id)", "-", 1), ("min(id)", "+", 2), ("max(id)", "-", 3)] {
        let added = format!(
            "INSERT INTO {MONTH} ({columns}) SELECT 1, 'read', 9, 'x', 'ok', {place} {sign} 1000
             FROM {MONTH} WHERE domain = 1"
        );
        assert_eq!(w.tamper(&added).await, 1);
        let wrong = w.wrong().await;
        let start = format!("seal {seal} does not hold: 1 rows were added");
        assert!(wrong.starts_with(&start), "{wrong}");
        w.tamper(&format!("DELETE FROM {MONTH} WHERE agent = 'x'")).await;
        w.holds().await;
    }
    // In a month that is over.
    w.advance(Duration::from_secs(40 * 86_400));
    w.append(&[plain(w.now())]).await;
    w.seal().await;
    w.holds().await;
    let added = format!(
        "INSERT INTO {MONTH} ({columns}) SELECT 1, 'read', 9, 'x', 'ok', max(id) + 1000
         FROM {MONTH} WHERE domain = 1"
    );
    w.tamper(&added).await;
    assert!(w.wrong().await.contains("were added where the trail was sealed already"));
});

both!(a_seal_that_is_missing_changed_or_made_with_another_key_is_found, |store| async move {
    let w = sealed(store).await;
    w.tamper("CREATE TABLE copy AS SELECT * FROM audit_seal").await;
    for (change, found) in [
        ("DELETE FROM audit_seal WHERE domain = 1 AND number = 1", "seals 1 to 1 are missing"),
        ("DELETE FROM audit_seal WHERE domain = 1 AND number = 2", "seals 2 to 2 are missing"),
        ("DELETE FROM audit_seal WHERE domain = 1 AND number > 1", "seals 2 to 3 are missing"),
        ("DELETE FROM audit_seal WHERE domain = 1", "seals 1 to 3 are missing"),
        ("UPDATE audit_seal SET sealed = sealed + 1 WHERE number = 2", "seal 2 was changed"),
        ("UPDATE audit_seal SET last = last + 1 WHERE number = 3", "seal 3 was changed"),
        ("UPDATE audit_seal SET digest = previous WHERE number = 2", "seal 2 was changed"),
    ] {
        w.tamper(change).await;
        let wrong = w.wrong().await;
        assert!(wrong.contains(found), "{change}: {wrong}");
        w.tamper("DELETE FROM audit_seal").await;
        w.tamper("INSERT INTO audit_seal SELECT * FROM copy").await;
        w.holds().await;
    }
    let other = TrailKey::new([8; 32]);
    let wrong = audit::verify(&w.store, &other, D).await.unwrap().wrong.unwrap();
    assert!(wrong.contains("another seal_key"), "{wrong}");
});

both!(an_end_that_was_cut_off_is_found, |store| async move {
    let w = sealed(store).await;
    // The last seal with its rows, and the record of it.
    w.tamper(&format!(
        "DELETE FROM {MONTH} WHERE domain = 1 AND id >=
           (SELECT first FROM audit_seal WHERE domain = 1 AND number = 3)"
    ))
    .await;
    w.tamper("DELETE FROM audit_seal WHERE domain = 1 AND number = 3").await;
    assert!(w.wrong().await.contains("seals 3 to 3 are missing"));
    w.tamper("UPDATE audit_head SET number = 2 WHERE domain = 1").await;
    assert!(w.wrong().await.contains("the record of the last one"));
    w.tamper("DELETE FROM audit_head WHERE domain = 1").await;
    assert!(w.wrong().await.contains("the record of the last one"));
});

both!(a_changed_shape_is_found, |store| async move {
    let w = sealed(store).await;
    w.tamper("UPDATE audit_shape SET shape = '{\"a\":2}' WHERE domain = 1").await;
    assert_eq!(w.wrong().await, "shape 1 of AuditEvents was changed");
    // With the digest of the new text beside it, the rows tell.
    let digest = "(SELECT s.digest FROM audit_shape s WHERE s.domain = 2)";
    w.append_in(E, &[read(w.now(), "{\"a\":2}", "Task/1")]).await;
    w.tamper(&format!("UPDATE audit_shape SET digest = {digest} WHERE domain = 1")).await;
    assert!(w.wrong().await.starts_with("seal 1 does not hold: a row was changed"));
    w.tamper("DELETE FROM audit_shape WHERE domain = 1").await;
    assert!(w.wrong().await.starts_with("seal 1 does not hold: a row was changed"));
});

both!(a_transaction_that_is_undone_leaves_no_gap, |store| async move {
    let w = world(store).await;
    for round in 0..3 {
        w.append(&[plain(w.now())]).await;
        let (ids, entry) = (w.ids.clone(), plain(w.now()));
        let scope = w.scope(D);
        let undone = scope.write(move |tx| {
            audit::append(tx, &ids, std::slice::from_ref(&entry))?;
            Err::<(), _>(Error::Conflict("undone".to_owned()))
        });
        assert!(undone.await.is_err());
        w.append(&[plain(w.now())]).await;
        w.seal().await;
        assert_eq!(w.holds().await.sealed, 2 * (round + 1));
    }
});

both!(two_that_seal_at_once_make_one_chain, |store| async move {
    let w = world(store).await;
    let others = [w.process().await, w.process().await, w.process().await];
    for _ in 0..5 {
        w.append(&[plain(w.now()), plain(w.now())]).await;
        w.advance(Duration::from_secs(60));
        let runs = others.clone().map(|w| tokio::spawn(async move { w.try_seal().await.rows }));
        let mut rows = 0;
        for run in runs {
            rows += run.await.unwrap();
        }
        assert_eq!(rows, 2);
    }
    assert_eq!(w.holds().await.sealed, 10);
});

/// A transaction that writes for long must not be overtaken by the seal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_transaction_is_waited_for_on_postgres() {
    let test = postgres_store().await;
    let w = world(test.store.clone()).await;
    w.append(&[plain(w.now())]).await;
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (go, goes) = std::sync::mpsc::channel::<()>();
    let goes = std::sync::Mutex::new(goes);
    let (ids, entry) = (w.ids.clone(), plain(w.now()));
    let scope = w.scope(D);
    let long = tokio::spawn(async move {
        scope
            .write(move |tx| {
                audit::append(tx, &ids, std::slice::from_ref(&entry))?;
                // A read carries the rows to the server.
                audit::shapes(tx)?;
                begun.send(()).unwrap();
                goes.lock().unwrap().recv().unwrap();
                Ok(())
            })
            .await
    });
    tokio::task::spawn_blocking(move || has_begun.recv().unwrap()).await.unwrap();
    w.advance(Duration::from_secs(60));
    let sealing = tokio::spawn({
        let w = w.clone();
        async move { w.try_seal().await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!sealing.is_finished(), "it waits for the transaction");
    go.send(()).unwrap();
    long.await.unwrap().unwrap();
    assert_eq!(sealing.await.unwrap().rows, 2);
    w.holds().await;
}

/// Processes append while another one seals and verifies: nothing is found wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_appended_meanwhile_is_no_false_alarm_on_postgres() {
    let test = postgres_store().await;
    let w = world(test.store.clone()).await;
    let mut appending = Vec::new();
    for _ in 0..2 {
        let w = w.process().await;
        appending.push(tokio::spawn(async move {
            for n in 0..150 {
                w.append(&[plain(w.now()), read(w.now(), "{}", &format!("Task/{n}"))]).await;
                // The clock goes on by itself here: ten seconds for each row.
                w.advance(Duration::from_secs(5));
            }
        }));
    }
    let mut sealed = 0;
    while !appending.iter().all(tokio::task::JoinHandle::is_finished) {
        sealed += w.try_seal().await.rows;
        w.holds().await;
    }
    for task in appending {
        task.await.unwrap();
    }
    sealed += w.seal().await.rows;
    assert_eq!((sealed, w.holds().await.sealed), (600, 600));
}
