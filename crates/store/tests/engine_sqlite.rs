//! What is SQLite's alone: group commit, the bound of the queue, a full disk, a
//! second process on the file.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::num::NonZero;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use koppeltaal_core::{Error, Result};
use koppeltaal_store::store::Checkpoint;
use koppeltaal_store::test_support::sqlite;
use koppeltaal_store::{DatabaseUrl, Options, Store, Tx, args};
use tempfile::TempDir;

struct Opened {
    store: Store,
    folder: TempDir,
    url: DatabaseUrl,
}

impl Opened {
    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("koppeltaal.db")
    }

    /// A look at the file from outside.
    fn outside(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.file()).unwrap()
    }

    fn count_from_outside(&self) -> i64 {
        self.outside().query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
    }
}

async fn open(options: Options) -> Opened {
    let (url, folder) = sqlite();
    let store = Store::open(&url, &options).await.unwrap();
    store
        .write(|tx| tx.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)", &[]))
        .await
        .unwrap();
    Opened { store, folder, url }
}

fn add(tx: &mut dyn Tx, id: i64) -> Result<()> {
    tx.later("INSERT INTO t (id) VALUES ($1)", args![id])
}

/// Occupies the writer until the sender is used or dropped.
async fn occupy(store: &Store) -> (mpsc::Sender<()>, tokio::task::JoinHandle<Result<()>>) {
    let (release, released) = mpsc::channel::<()>();
    let (tell, told) = tokio::sync::oneshot::channel();
    let (store, mut tell) = (store.clone(), Some(tell));
    let call = tokio::spawn(async move {
        let closure = move |_: &mut dyn Tx| {
            if let Some(tell) = tell.take() {
                let _ = tell.send(());
            }
            let _ = released.recv();
            Ok(())
        };
        store.write(closure).await
    });
    told.await.unwrap();
    (release, call)
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn closures_that_wait_share_one_commit_and_are_answered_after_it() {
    let opened = open(Options::default()).await;
    let store = &opened.store;
    let before = store.metrics();
    let (release, occupied) = occupy(store).await;
    let answered = Arc::new(AtomicBool::new(false));
    let calls = (1..=10).map(|id| {
        let (store, answered) = (store.clone(), Arc::clone(&answered));
        tokio::spawn(async move {
            store.write(move |tx| add(tx, id)).await.unwrap();
            answered.store(true, Ordering::SeqCst);
        })
    });
    let calls: Vec<_> = calls.collect();
    until("all wait", || store.metrics().waiting_writes == 10).await;
    // The last of the batch looks from outside: the others have run, and neither
    // is their work to be seen nor are they answered.
    let (file, flag) = (opened.file(), Arc::clone(&answered));
    let last = store.write(move |tx| {
        let inside = tx.query_one("SELECT count(*) FROM t", &[])?.map(|row| row.int(0));
        let outside = rusqlite::Connection::open(&file).map_err(Error::internal)?;
        let outside: i64 = outside
            .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
            .map_err(Error::internal)?;
        Ok((inside, outside, flag.load(Ordering::SeqCst)))
    });
    let (seen, ()) = tokio::join!(last, async {
        until("the last one waits", || store.metrics().waiting_writes == 11).await;
        release.send(()).unwrap();
    });
    assert_eq!(seen, Ok((Some(Ok(10)), 0, false)));
    assert_eq!(opened.count_from_outside(), 10);
    for call in calls {
        call.await.unwrap();
    }
    occupied.await.unwrap().unwrap();
    let after = store.metrics();
    assert_eq!(after.commits - before.commits, 1);
    assert_eq!(after.committed_closures - before.committed_closures, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answered_write_is_seen_by_another_process_at_once() {
    let opened = open(Options::default()).await;
    for id in 1..=20 {
        opened.store.write(move |tx| add(tx, id)).await.unwrap();
        assert_eq!(opened.count_from_outside(), id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_at_once_and_serves_those_who_wait() {
    let opened = open(Options { queue_bound: 2, ..Options::default() }).await;
    let store = &opened.store;
    let (release, occupied) = occupy(store).await;
    let waiting = [1, 2].map(|id| {
        let store = store.clone();
        tokio::spawn(async move { store.write(move |tx| add(tx, id)).await })
    });
    until("the queue is full", || store.metrics().waiting_writes == 2).await;
    let refused = store.write(|tx| add(tx, 3)).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    assert_eq!(store.metrics().refused, 1);
    // Reads have a queue of their own.
    store.ping().await.unwrap();
    drop(release);
    for call in waiting {
        call.await.unwrap().unwrap();
    }
    occupied.await.unwrap().unwrap();
    assert_eq!(opened.count_from_outside(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_runs_what_waits() {
    let opened = open(Options::default()).await;
    let (release, occupied) = occupy(&opened.store).await;
    let store = opened.store.clone();
    let waiting = tokio::spawn(async move { store.write(|tx| add(tx, 1)).await });
    until("it waits", || opened.store.metrics().waiting_writes == 1).await;
    let closing = tokio::spawn(opened.store.clone().close());
    until("it is closed", || {
        opened.store.metrics().refused > 0 || {
            // A closed queue refuses; the answer is of no interest.
            let mut probe = std::pin::pin!(opened.store.write(|_| Ok(())));
            let waker = std::task::Waker::noop();
            drop(probe.as_mut().poll(&mut std::task::Context::from_waker(waker)));
            opened.store.metrics().refused > 0
        }
    })
    .await;
    drop(release);
    closing.await.unwrap();
    waiting.await.unwrap().unwrap();
    occupied.await.unwrap().unwrap();
    assert_eq!(opened.count_from_outside(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_gone_when_there_is_room_again() {
    let options = Options { sqlite_max_pages: NonZero::new(64), ..Options::default() };
    let opened = open(options).await;
    let store = &opened.store;
    let mut stored = 0;
    for round in 0.. {
        assert!(round < 100, "the disk is never full");
        // Large and small ones together: nobody may be told yes and lose his row.
        let calls = (0..8).map(|call| {
            let store = store.clone();
            tokio::spawn(async move {
                let id = round * 8 + call;
                let body = vec![7_u8; if call % 2 == 0 { 9000 } else { 10 }];
                let sql = "INSERT INTO t (id, body) VALUES ($1, $2)";
                store.write(move |tx| tx.later(sql, args![id, &body])).await
            })
        });
        let mut full = false;
        for call in calls.collect::<Vec<_>>() {
            match call.await.unwrap() {
                Ok(()) => stored += 1,
                Err(Error::Unavailable(_)) => full = true,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(opened.count_from_outside(), stored);
        if full {
            break;
        }
    }
    store.ping().await.unwrap();
    let count = store.read(|tx| tx.query_one("SELECT count(*) FROM t", &[])).await.unwrap();
    assert_eq!(count.unwrap().int(0), Ok(stored));
    store.write(|tx| tx.execute("DELETE FROM t", &[])).await.unwrap();
    store.write(|tx| add(tx, 1)).await.unwrap();
    assert_eq!(opened.count_from_outside(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_waits_for_another_process_that_writes() {
    let opened = open(Options::default()).await;
    let other = opened.outside();
    other.execute_batch("BEGIN IMMEDIATE; INSERT INTO t (id) VALUES (1)").unwrap();
    let store = opened.store.clone();
    let call = tokio::spawn(async move { store.write(|tx| add(tx, 2)).await });
    until("the writer took it", || opened.store.metrics().waiting_writes == 0).await;
    // Reads go on meanwhile.
    opened.store.ping().await.unwrap();
    other.execute_batch("COMMIT").unwrap();
    call.await.unwrap().unwrap();
    assert_eq!(opened.count_from_outside(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_is_its_owners_alone() {
    let opened = open(Options::default()).await;
    for name in ["koppeltaal.db", "koppeltaal.db-wal", "koppeltaal.db-shm"] {
        let mode = std::fs::metadata(opened.folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn the_folder_is_created_and_a_store_is_opened_again() {
    let (_, folder) = sqlite();
    let url = format!("sqlite:{}/a/b/k.db", folder.path().display()).parse().unwrap();
    for _ in 0..2 {
        let store = Store::open(&url, &Options::default()).await.unwrap();
        store
            .write(|tx| tx.execute("CREATE TABLE IF NOT EXISTS t (id BIGINT)", &[]))
            .await
            .unwrap();
        store.close().await;
    }
    let mode = std::fs::metadata(folder.path().join("a/b")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert!(!folder.path().join("a/b/k.db-wal").exists(), "closing empties the log");
}

#[tokio::test]
async fn what_is_no_store_is_refused() {
    let (url, folder) = sqlite();
    std::fs::write(folder.path().join("koppeltaal.db"), "no database\n".repeat(999)).unwrap();
    let refused = Store::open(&url, &Options::default()).await.unwrap_err();
    assert!(matches!(&refused, Error::Invalid(text) if text.contains("is not a SQLite database")));
    let folder: DatabaseUrl = format!("sqlite:{}", folder.path().display()).parse().unwrap();
    let refused = Store::open(&folder, &Options::default()).await.unwrap_err();
    assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_in_the_background_reach_the_main_file() {
    let opened = open(Options { checkpoint: Checkpoint::Background, ..Options::default() }).await;
    let small = std::fs::metadata(opened.file()).unwrap().len();
    opened
        .store
        .write(|tx| {
            let body = vec![1_u8; 1 << 20];
            tx.later("INSERT INTO t (body) VALUES ($1)", args![&body])
        })
        .await
        .unwrap();
    until("the main file grows", || {
        std::fs::metadata(opened.file()).unwrap().len() > small + (1 << 20)
    })
    .await;
    opened.store.clone().close().await;
    assert_eq!(opened.url.to_string(), format!("sqlite:{}", opened.file().display()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_takes_too_long_is_given_up() {
    let short = Duration::from_millis(200);
    let options = Options { statement_timeout: short, sqlite_readers: 1, ..Options::default() };
    let opened = open(options).await;
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                   SELECT COUNT(*) FROM n";
    let slow = opened.store.read(move |tx| tx.query(endless, &[]).map(drop)).await;
    assert!(matches!(slow, Err(Error::Unavailable(_))), "{slow:?}");
    // The only reader goes on, and each query has its own time.
    let quick = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 30000) \
                 SELECT COUNT(*) FROM n";
    let began = Instant::now();
    while began.elapsed() < short * 2 {
        let counted = opened.store.read(move |tx| tx.query_one(quick, &[])).await.unwrap();
        assert_eq!(counted.unwrap().int(0).unwrap(), 30_000);
    }
}
