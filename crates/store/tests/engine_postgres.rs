//! What is PostgreSQL's alone: lost connections, deadlocks, time limits, settings
//! of the session, encryption.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use koppeltaal_core::{Error, Result};
use koppeltaal_store::test_support::{Cluster, options, postgres, postgres_store};
use koppeltaal_store::{DatabaseUrl, Options, Row, Store, Tx, args, row};

async fn open(options: Options) -> Store {
    let store = Store::open(&postgres().await, &options).await.unwrap();
    store.write(|tx| tx.execute("CREATE TABLE t (id BIGINT PRIMARY KEY)", &[])).await.unwrap();
    store
}

/// One connection for each purpose, so that a test knows which one it meets.
fn single() -> Options {
    Options { postgres_write_connections: 1, postgres_read_connections: 1, ..options() }
}

fn add(tx: &mut dyn Tx, id: i64) -> Result<()> {
    tx.later("INSERT INTO t (id) VALUES ($1)", args![id])
}

fn own_process(tx: &mut dyn Tx) -> Result<i64> {
    tx.query_one("SELECT CAST(pg_backend_pid() AS BIGINT)", &[])?.map_or(Ok(0), |row| row.int(0))
}

async fn rows(store: &Store, sql: &'static str) -> Vec<Row> {
    store.read(move |tx| tx.query(sql, &[])).await.unwrap()
}

/// Ends a server process and waits until it is gone.
fn terminate(store: &Store, process: i64) -> impl Fn() -> Result<()> + Send + 'static {
    let (store, runtime) = (store.clone(), tokio::runtime::Handle::current());
    move || {
        runtime.block_on(store.write(move |tx| {
            tx.query("SELECT pg_terminate_backend(CAST($1 AS INT), 5000)", args![process]).map(drop)
        }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_while_idle_is_replaced() {
    let store = open(single()).await;
    let helper = Store::open(store.url(), &single()).await.unwrap();
    let writes = store.write(own_process).await.unwrap();
    let reads = store.read(own_process).await.unwrap();
    for process in [writes, reads] {
        let kill = terminate(&helper, process);
        tokio::task::spawn_blocking(kill).await.unwrap().unwrap();
    }
    store.write(|tx| add(tx, 1)).await.unwrap();
    assert_eq!(rows(&store, "SELECT id FROM t").await, [row![1_i64]]);
    assert_eq!(store.metrics().reconnects, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closure_whose_connection_is_lost_before_its_commit_is_run_again() {
    let store = open(single()).await;
    let helper = Store::open(store.url(), &single()).await.unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    let (counted, helper) = (Arc::clone(&runs), helper);
    let runtime = tokio::runtime::Handle::current();
    store
        .write(move |tx| {
            let process = own_process(tx)?;
            add(tx, 1)?;
            if counted.fetch_add(1, Ordering::Relaxed) == 0 {
                let _entered = runtime.enter();
                terminate(&helper, process)()?;
                tx.query("SELECT 1", &[])?;
            }
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    assert_eq!(rows(&store, "SELECT id FROM t").await, [row![1_i64]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_in_commit_is_told_and_not_tried_again() {
    let store = open(single()).await;
    store
        .write(|tx| {
            tx.execute(
                "CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql AS \
                 $f$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $f$",
                &[],
            )?;
            tx.execute(
                "CREATE CONSTRAINT TRIGGER v AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED \
                 FOR EACH ROW WHEN (NEW.id = 13) EXECUTE FUNCTION vanish()",
                &[],
            )
        })
        .await
        .unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let unknown = store
        .write(move |tx| {
            counted.fetch_add(1, Ordering::Relaxed);
            add(tx, 13)
        })
        .await;
    assert!(
        matches!(&unknown, Err(Error::Unavailable(text)) if text.contains("outcome is unknown")),
        "{unknown:?}"
    );
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    store.write(|tx| add(tx, 14)).await.unwrap();
    assert_eq!(rows(&store, "SELECT id FROM t").await, [row![14_i64]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_is_solved_by_running_one_closure_again() {
    let store = open(options()).await;
    store.write(|tx| add(tx, 1).and_then(|()| add(tx, 2))).await.unwrap();
    let both_hold_one = Arc::new(std::sync::Barrier::new(2));
    let calls = [(1_i64, 2_i64), (2, 1)].map(|(first, second)| {
        let (store, barrier) = (store.clone(), Arc::clone(&both_hold_one));
        tokio::spawn(async move {
            let mut run = 0;
            let closure = move |tx: &mut dyn Tx| {
                run += 1;
                let lock = "SELECT id FROM t WHERE id = $1 FOR UPDATE";
                tx.query(lock, args![first])?;
                if run == 1 {
                    barrier.wait();
                }
                tx.query(lock, args![second])?;
                tx.later("INSERT INTO t (id) VALUES ($1)", args![first + 10])
            };
            store.write(closure).await
        })
    });
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let ids = [1_i64, 2, 11, 12].map(|id| row![id]);
    assert_eq!(rows(&store, "SELECT id FROM t ORDER BY id").await, ids);
    assert!(store.metrics().retries >= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_given_up() {
    let short = Duration::from_millis(200);
    let store = open(Options { statement_timeout: short, ..single() }).await;
    let slow = store.write(|tx| tx.query("SELECT pg_sleep(30)", &[]).map(drop)).await;
    assert!(matches!(slow, Err(Error::Unavailable(_))), "{slow:?}");
    store.write(|tx| add(tx, 1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_wait_for_the_disk_whatever_the_servers_default_is() {
    let url = postgres().await;
    let admin = Store::open(&url, &single()).await.unwrap();
    let mut seen = Vec::new();
    for default in ["off", "local", "remote_write", "on", "remote_apply"] {
        admin
            .write(move |tx| {
                let sql = "SELECT current_database()";
                let name = tx.query_one(sql, &[])?.map_or(Ok(String::new()), |mut r| r.text(0))?;
                let sql = format!("ALTER DATABASE {name} SET synchronous_commit = {default}");
                tx.execute(&sql, &[])?;
                let sql = format!(
                    "ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'"
                );
                tx.execute(&sql, &[])
            })
            .await
            .unwrap();
        let store = Store::open(&url, &single()).await.unwrap();
        let mut settings = store
            .write(|tx| {
                let sql = "SELECT current_setting('synchronous_commit'), \
                           current_setting('transaction_isolation')";
                tx.query_one(sql, &[])
            })
            .await
            .unwrap()
            .unwrap();
        assert_eq!(settings.text(1).unwrap(), "read committed");
        seen.push(settings.text(0).unwrap());
    }
    assert_eq!(seen, ["on", "on", "on", "on", "remote_apply"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_closure_that_runs_two_statements_is_remembered() {
    let store = postgres_store().await;
    let read = |store: Store| async move {
        let twice = |tx: &mut dyn Tx| {
            tx.query("SELECT 1", &[])?;
            tx.query("SELECT current_setting('transaction_isolation')", &[])
        };
        store.read(twice).await.unwrap()
    };
    for expected_runs in [2, 1, 1] {
        let before = store.metrics().reads;
        assert_eq!(read(store.store.clone()).await, [row!["repeatable read"]]);
        assert_eq!(store.metrics().reads - before, expected_runs);
    }
    assert_eq!(store.metrics().retries, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_open_on_the_server_after_reads_and_refusals() {
    let store = open(single()).await;
    for _ in 0..3 {
        let refused = store
            .write(|tx| -> Result<()> {
                add(tx, 1)?;
                Err(Error::NotFound("no".to_owned()))
            })
            .await;
        assert!(matches!(refused, Err(Error::NotFound(_))));
        store
            .read(|tx| {
                tx.query("SELECT 1", &[])?;
                tx.query("SELECT 2", &[]).map(drop)
            })
            .await
            .unwrap();
    }
    let watch = Store::open(store.url(), &single()).await.unwrap();
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                AND state LIKE 'idle in transaction%'";
    let deadline = Instant::now() + Duration::from_secs(10);
    while rows(&watch, open).await != [row![0_i64]] {
        assert!(Instant::now() < deadline, "a transaction stays open");
    }
    assert_eq!(rows(&store, "SELECT id FROM t").await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_told_soon() {
    let cluster = Cluster::start(&["fsync=off"], &[]);
    let url: DatabaseUrl = cluster.url().parse().unwrap();
    let store = Store::open(&url, &single()).await.unwrap();
    store.ping().await.unwrap();
    tokio::task::spawn_blocking(move || drop(cluster)).await.unwrap();
    let started = Instant::now();
    for _ in 0..5 {
        let refused = store.write(|tx| tx.query("SELECT 1", &[])).await;
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    }
    assert!(store.ping().await.is_err());
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    let refused = Store::open(&url, &single()).await.unwrap_err();
    assert!(matches!(refused, Error::Unavailable(_)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_not_repeated_in_the_error() {
    let url = "postgres://nobody:s3cret@127.0.0.1:1/none".parse().unwrap();
    let refused = Store::open(&url, &single()).await.unwrap_err();
    assert!(!refused.to_string().contains("s3cret"), "{refused}");
    assert!(refused.to_string().contains("nobody@127.0.0.1:1"), "{refused}");
}

/// A server with TLS on a port of its own, the certificate it shows in a file.
struct Encrypted {
    _cluster: Cluster,
    _folder: tempfile::TempDir,
    port: u16,
    certificate: PathBuf,
}

fn encrypted() -> Encrypted {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let port_setting = format!("port={port}");
    let settings = ["fsync=off", "listen_addresses=127.0.0.1", "ssl=on", &port_setting];
    let files = [("server.crt", certificate.as_str()), ("server.key", key.as_str())];
    let cluster = Cluster::start(&settings, &files);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.pem");
    std::fs::write(&file, certificate).unwrap();
    Encrypted { _cluster: cluster, _folder: folder, port, certificate: file }
}

#[tokio::test(flavor = "multi_thread")]
async fn encryption_and_the_check_of_the_certificate_follow_the_url() {
    let server = tokio::task::spawn_blocking(encrypted).await.unwrap();
    let root = format!("sslrootcert={}", server.certificate.display());
    let url = |host: &str, query: &str| -> DatabaseUrl {
        let port = server.port;
        format!("postgres://postgres@{host}:{port}/postgres?{query}").parse().unwrap()
    };
    let accepted = [
        (url("localhost", "sslmode=disable"), 0),
        (url("localhost", ""), 1),
        (url("127.0.0.1", "sslmode=no-verify"), 1),
        (url("localhost", &format!("sslmode=require&{root}")), 1),
        (url("localhost", &format!("{root}&sslmode=verify-full")), 1),
    ];
    for (url, encrypted) in accepted {
        let store = Store::open(&url, &single()).await.unwrap();
        let seen = rows(&store, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").await;
        assert_eq!(seen, [row![i64::from(encrypted)]], "{url}");
        store.close().await;
    }
    let refused =
        [url("localhost", "sslmode=require"), url("127.0.0.1", &format!("sslmode=require&{root}"))];
    for url in refused {
        let refused = Store::open(&url, &single()).await.unwrap_err();
        assert!(
            matches!(&refused, Error::Unavailable(text) if text.contains("certificate")),
            "{refused}"
        );
    }
}
