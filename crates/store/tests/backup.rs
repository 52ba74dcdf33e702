//! Backups of a store that is being written, and their way back.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use koppeltaal_core::Error;
use koppeltaal_store::store::restore_file;
use koppeltaal_store::test_support::{TestStore, options, postgres_store, sqlite_store};
use koppeltaal_store::{DatabaseUrl, Store, args};

async fn filled() -> TestStore {
    let test = sqlite_store().await;
    test.write(|tx| tx.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)", &[]))
        .await
        .unwrap();
    test.write(|tx| {
        let body = vec![5_u8; 4000];
        (1..=3000_i64).try_for_each(|id| {
            tx.later("INSERT INTO t (id, body) VALUES ($1, $2)", args![id, &body])
        })
    })
    .await
    .unwrap();
    test
}

async fn count(file: &Path) -> i64 {
    let store = Store::open(&DatabaseUrl::Sqlite(file.to_owned()), &options()).await.unwrap();
    let row = store.read(|tx| tx.query_one("SELECT count(*) FROM t", &[])).await.unwrap();
    store.close().await;
    row.unwrap().int(0).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_one_moment_of_a_store_that_is_being_written() {
    let test = filled().await;
    let folder = test.folder().unwrap().to_owned();
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(3000)));
    let (stops, counts, store) = (Arc::clone(&stop), Arc::clone(&written), test.store.clone());
    let writing = tokio::spawn(async move {
        for id in 3001.. {
            if stops.load(Ordering::SeqCst) {
                break;
            }
            let sql = "INSERT INTO t (id) VALUES ($1)";
            store.write(move |tx| tx.later(sql, args![id])).await.unwrap();
            counts.store(id, Ordering::SeqCst);
        }
    });
    while written.load(Ordering::SeqCst) < 3010 {
        tokio::task::yield_now().await;
    }
    let reports = Arc::new(Mutex::new(Vec::new()));
    let (told, target) = (Arc::clone(&reports), folder.join("backup.db"));
    let before = written.load(Ordering::SeqCst);
    test.backup_to(&target, move |progress| told.lock().unwrap().push(progress)).await.unwrap();
    let after = written.load(Ordering::SeqCst);
    stop.store(true, Ordering::SeqCst);
    writing.await.unwrap();

    let reports = reports.lock().unwrap().clone();
    assert!(reports.len() > 1, "{reports:?}");
    assert!(reports.is_sorted_by_key(|report| report.done));
    assert!(reports.last().is_some_and(|last| last.done == last.total && last.total > 3000));
    assert!(!folder.join("backup.db.partial").exists());

    let restored = folder.join("restored/koppeltaal.db");
    restore_file(&target, &restored, false).unwrap();
    let found = count(&restored).await;
    assert!((before..=after + 1).contains(&found), "{before} {found} {after}");
    // The backup itself was left as it was.
    assert_eq!(count(&target).await, found);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_never_overwrites_and_postgres_has_its_own() {
    let test = filled().await;
    let target = test.folder().unwrap().join("backup.db");
    std::fs::write(&target, "mine").unwrap();
    let refused = test.backup_to(&target, drop).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict(_)), "{refused:?}");
    assert_eq!(std::fs::read(&target).unwrap(), b"mine");

    let postgres = postgres_store().await;
    let refused = postgres.backup_to(&target, drop).await.unwrap_err();
    assert!(matches!(&refused, Error::Unprocessable(text) if text.contains("pg_dump")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_replaces_a_store_only_when_told_and_when_nobody_uses_it() {
    let test = filled().await;
    let folder = test.folder().unwrap().to_owned();
    let backup = folder.join("backup.db");
    test.backup_to(&backup, drop).await.unwrap();
    test.write(|tx| tx.execute("DELETE FROM t", &[])).await.unwrap();
    let file = folder.join("koppeltaal.db");

    let refused = restore_file(&backup, &file, false).unwrap_err();
    assert!(matches!(&refused, Error::Conflict(text) if text.contains("not empty")), "{refused}");
    let refused = restore_file(&backup, &file, true).unwrap_err();
    assert!(matches!(&refused, Error::Conflict(text) if text.contains("in use")), "{refused}");
    assert_eq!(test.read(|tx| tx.query("SELECT 1 FROM t", &[])).await, Ok(vec![]));

    test.store.clone().close().await;
    restore_file(&backup, &file, true).unwrap();
    assert_eq!(count(&file).await, 3000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_intact_backup_of_ours_is_refused() {
    let test = filled().await;
    let folder = test.folder().unwrap().to_owned();
    let target = folder.join("target.db");
    let refused = |backup: &Path| {
        let refused = restore_file(backup, &target, false).unwrap_err();
        assert!(!target.exists());
        refused
    };
    assert!(matches!(refused(&folder.join("none.db")), Error::NotFound(_)));

    let text = folder.join("text.db");
    std::fs::write(&text, "no database ".repeat(1000)).unwrap();
    assert!(matches!(refused(&text), Error::Unprocessable(_)));

    let foreign = folder.join("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE a (b)").unwrap();
    assert!(matches!(refused(&foreign), Error::Unprocessable(_)));

    let damaged = folder.join("damaged.db");
    test.backup_to(&damaged, drop).await.unwrap();
    let mut bytes = std::fs::read(&damaged).unwrap();
    let length = bytes.len();
    bytes[length / 2..length / 2 + 40_000].fill(0xaa);
    std::fs::write(&damaged, bytes).unwrap();
    assert!(matches!(refused(&damaged), Error::Unprocessable(_)));

    let newer = folder.join("newer.db");
    test.backup_to(&newer, drop).await.unwrap();
    let connection = rusqlite::Connection::open(&newer).unwrap();
    connection.execute_batch("INSERT INTO schema_migration VALUES (9999, 'later', 0)").unwrap();
    drop(connection);
    let error = refused(&newer);
    assert!(error.to_string().contains("newer koppeltaal"), "{error}");
}
