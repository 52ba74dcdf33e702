//! Stores for tests, of this crate and of those above it: a fresh SQLite file, or a
//! fresh database on a private PostgreSQL that ends with the test process.
//!
//! Compiled with the feature `test-support` only.
#![expect(clippy::expect_used, reason = "a test that cannot have its store fails")]

mod cluster;
mod leftovers;
mod trace;

use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use crate::engine::postgres::Address;
use crate::{DatabaseUrl, DomainTx, Options, Store, Tx, migrate};

pub use self::cluster::Cluster;
pub use self::trace::answers_after_sync;

/// An open store that lives as long as this value.
#[derive(Debug)]
pub struct TestStore {
    /// The store.
    pub store: Store,
    /// Where it is.
    pub url: DatabaseUrl,
    folder: Option<TempDir>,
}

impl TestStore {
    /// The folder that is removed with the store; none on PostgreSQL.
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_ref().map(TempDir::path)
    }
}

impl Deref for TestStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// The defaults with fewer connections: many test stores share one server.
pub fn options() -> Options {
    Options { postgres_write_connections: 4, postgres_read_connections: 2, ..Options::default() }
}

/// The URL of a SQLite file that is not there yet, and the folder it will be in.
pub fn sqlite() -> (DatabaseUrl, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    (DatabaseUrl::Sqlite(folder.path().join("koppeltaal.db")), folder)
}

/// The URL of a new empty database: on the server that `KOPPELTAAL_TEST_POSTGRES`
/// names (the URL of a superuser), otherwise on one that this process starts.
///
/// Its texts sort by the rules of a language, as they do on most servers, so a
/// query that relies on another order shows.
pub async fn postgres() -> DatabaseUrl {
    let server = tokio::task::spawn_blocking(server).await.expect("a PostgreSQL to test with");
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let name = format!(
        "kt_{}_{}_{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed),
        now.subsec_nanos()
    );
    let admin = Address::new(&DatabaseUrl::Postgres(server.to_owned())).expect("a usable URL");
    let (client, serve) = admin.connect().await.expect("a connection to the test PostgreSQL");
    let sorted = format!(
        "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' \
         LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'"
    );
    if client.batch_execute(&sorted).await.is_err() {
        // Before version 15, or built without ICU.
        let plain = format!("CREATE DATABASE {name}");
        client.batch_execute(&plain).await.expect("the right to create a database");
    }
    drop(client);
    drop(serve.await);
    DatabaseUrl::Postgres(with_database(server, &name))
}

fn server() -> &'static str {
    static SERVER: OnceLock<(String, Option<Cluster>)> = OnceLock::new();
    let (url, _) = SERVER.get_or_init(|| match std::env::var("KOPPELTAAL_TEST_POSTGRES") {
        Ok(url) if !url.is_empty() => {
            leftovers::remove(&url);
            (url, None)
        }
        _ => {
            // Contract tests pull no plugs; tests of durability start their own.
            let cluster = Cluster::start(&["fsync=off", "full_page_writes=off"], &[]);
            (cluster.url(), Some(cluster))
        }
    });
    url
}

fn with_database(url: &str, name: &str) -> String {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, rest) = place.split_once("://").expect("a URL");
    let authority = rest.split('/').next().unwrap_or("");
    format!("{scheme}://{authority}/{name}?{query}")
}

/// A migrated store in a new SQLite file.
pub async fn sqlite_store() -> TestStore {
    let (url, folder) = sqlite();
    open(url, Some(folder), &options()).await
}

/// A migrated store in a new PostgreSQL database.
pub async fn postgres_store() -> TestStore {
    open(postgres().await, None, &options()).await
}

async fn open(url: DatabaseUrl, folder: Option<TempDir>, options: &Options) -> TestStore {
    let store = Store::open(&url, options).await.expect("the store opens");
    migrate::run(&store).await.expect("the store is migrated");
    TestStore { store, url, folder }
}

/// How many rows of the audit trail, of all domains, meet a condition of SQL.
pub async fn count_audited(store: &Store, condition: &str) -> i64 {
    let condition = condition.to_owned();
    let count = store.read(move |tx| {
        let mut count = 0;
        for month in tx.query("SELECT month FROM audit_month", &[])? {
            let month = month.int(0)?;
            let sql = format!("SELECT count(*) FROM audit_{month:06} WHERE {condition}");
            count += tx.query_one(&sql, &[])?.unwrap_or_default().int(0)?;
        }
        Ok(count)
    });
    count.await.expect("the trail can be counted")
}

/// The care data of a domain through a transaction of the test's own, which may
/// look at the statements.
pub fn in_domain(tx: &mut dyn Tx, domain: i64) -> DomainTx<'_> {
    DomainTx::new(tx, domain)
}

/// A test that runs on both engines, each time with a new migrated store:
///
/// ```text
/// both!(a_message_is_found_again, |store| async { … });
/// ```
#[macro_export]
macro_rules! both {
    ($(#[$meta:meta])* $name:ident, |$store:ident| $body:expr $(,)?) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "the body may need nothing from around it")]
            use super::*;

            async fn body($store: $crate::Store) {
                $body.await
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                let test = $crate::test_support::sqlite_store().await;
                body(test.store.clone()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                let test = $crate::test_support::postgres_store().await;
                body(test.store.clone()).await;
            }
        }
    };
}
