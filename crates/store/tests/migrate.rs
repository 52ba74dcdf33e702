//! Migrations: once each, whole or not at all, never on a newer store.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use koppeltaal_core::search::{IndexRow, Indexer, Words};
use koppeltaal_core::{Error, Timestamp};
use koppeltaal_store::migrate::{self, Migration, run_list, status_of};
use koppeltaal_store::test_support::{options, postgres, sqlite};
use koppeltaal_store::{DatabaseUrl, Ids, Store, args, audit, directory, resource};

const FIRST: Migration = Migration {
    number: 1,
    name: "first",
    sql: "CREATE TABLE m_a (k {rowid} PRIMARY KEY, t {text} NOT NULL);\n\
          CREATE TABLE m_b (t {text} PRIMARY KEY, b {bytes}){without_rowid};",
};
const SECOND: Migration =
    Migration { number: 2, name: "second", sql: "INSERT INTO m_a VALUES (1, 'a'), (2, 'B');" };
const BROKEN: Migration = Migration {
    number: 3,
    name: "broken",
    sql: "CREATE TABLE m_c (k BIGINT); INSERT INTO m_missing VALUES (1);",
};

/// Finds nothing.
struct Nothing;

impl Indexer for Nothing {
    fn index(&self, _domain: i64, _json: &str) -> (Vec<IndexRow>, Words) {
        Default::default()
    }
}

async fn open(url: &DatabaseUrl) -> Store {
    Store::open(url, &options()).await.unwrap()
}

async fn check_migrations(url: DatabaseUrl) {
    let store = open(&url).await;
    let empty = status_of(&store, &[FIRST, SECOND]).await.unwrap();
    assert_eq!((empty.applied.len(), empty.pending), (0, vec![(1, "first"), (2, "second")]));

    let applied = run_list(&store, &[FIRST]).await.unwrap();
    assert_eq!(applied.iter().map(|m| m.number).collect::<Vec<_>>(), [1]);
    let applied = run_list(&store, &[FIRST, SECOND]).await.unwrap();
    assert_eq!(applied.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["second"]);
    assert_eq!(run_list(&store, &[FIRST, SECOND]).await, Ok(vec![]));
    let status = status_of(&store, &[FIRST, SECOND]).await.unwrap();
    assert!(status.is_current());
    assert_eq!(status.applied[1], applied[0]);

    // Texts sort by code point on both engines.
    let sorted = store
        .read(|tx| tx.query("SELECT t FROM m_a ORDER BY t", &[]))
        .await
        .unwrap()
        .into_iter()
        .map(|mut row| row.text(0).unwrap());
    assert_eq!(sorted.collect::<Vec<_>>(), ["B", "a"]);

    let failed = run_list(&store, &[FIRST, SECOND, BROKEN]).await.unwrap_err();
    assert!(matches!(&failed, Error::Unavailable(text) if text.contains("3 (broken)")), "{failed}");
    let status = status_of(&store, &[FIRST, SECOND]).await.unwrap();
    assert!(status.is_current(), "a failed migration leaves no trace");
    let half = store.read(|tx| tx.query("SELECT * FROM m_c", &[])).await;
    assert!(half.is_err(), "a failed migration leaves no table");

    let newer = run_list(&store, &[FIRST]).await.unwrap_err();
    let told = "this store was written by a newer koppeltaal (schema 2, this program knows 1): \
                upgrade the program";
    assert_eq!(newer.to_string(), told);
    assert_eq!(status_of(&store, &[FIRST]).await.unwrap_err(), newer);
}

async fn check_together(url: DatabaseUrl) {
    let stores = [open(&url).await, open(&url).await, open(&url).await];
    let runs = stores.iter().map(|store| {
        let store = store.clone();
        tokio::spawn(async move { run_list(&store, &[FIRST, SECOND]).await.unwrap() })
    });
    let mut applied = Vec::new();
    for run in runs.collect::<Vec<_>>() {
        applied.extend(run.await.unwrap().into_iter().map(|done| done.number));
    }
    applied.sort_unstable();
    assert_eq!(applied, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_run_once_on_sqlite() {
    let (url, _folder) = sqlite();
    check_migrations(url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_run_once_on_postgres() {
    check_migrations(postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_that_migrate_together_do_it_once_on_sqlite() {
    let (url, _folder) = sqlite();
    check_together(url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_that_migrate_together_do_it_once_on_postgres() {
    check_together(postgres().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_of_the_program_fits_both_engines() {
    let (url, _folder) = sqlite();
    for url in [url, postgres().await] {
        let store = open(&url).await;
        assert_eq!(migrate::run(&store).await.unwrap().len(), migrate::MIGRATIONS.len());
        assert!(migrate::status(&store).await.unwrap().is_current());
    }
}

/// A store that the first release made: a domain, an instance and an audit row.
async fn check_upgrade(url: DatabaseUrl) {
    let store = open(&url).await;
    run_list(&store, &migrate::MIGRATIONS[..3]).await.unwrap();
    store
        .write(|tx| {
            for sql in [
                "INSERT INTO domain (number, name, settings) VALUES (1, 'd', '{\"name\":\"d\"}')",
                "INSERT INTO application (number, id, settings) VALUES (1, 'a', '{\"id\":\"a\"}')",
                "INSERT INTO instance (number, domain, application, username, client_id, settings)
                 VALUES (1, 1, 1, 'u', 'c',
                   '{\"domain\":\"d\",\"application\":\"a\",\"client_id\":\"c\"}')",
                "INSERT INTO audit (domain, id, action, recorded, agent, outcome)
                 VALUES (1, 1, 'accept', 0, 'u', 'ok')",
            ] {
                tx.execute(sql, &[])?;
            }
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(migrate::run(&store).await.unwrap().len(), migrate::MIGRATIONS.len() - 3);
    let now = Timestamp(1_717_200_000_000_000);
    let ids = Ids::of_node(1);
    store.write(move |tx| directory::ensure_devices(tx, &ids, &Nothing, now)).await.unwrap();
    let directory = store.read(directory::load).await.unwrap();
    let domain = directory.domain("d").unwrap();
    assert!(!domain.server_device.is_empty());
    let scope = store.scope(domain);
    let device = scope.read(|tx| resource::read(tx, "Device", "c")).await.unwrap().unwrap();
    assert_eq!((device.version, &device.origin), (1, &domain.server_device));
    let rows = scope.read(|tx| audit::search(tx, &audit::Filter::default(), 10)).await.unwrap();
    assert_eq!((rows.len(), &rows[0].trace_id, &rows[0].shown), (1, &None, &None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_store_is_brought_up_to_date_on_sqlite() {
    let (url, _folder) = sqlite();
    check_upgrade(url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_store_is_brought_up_to_date_on_postgres() {
    check_upgrade(postgres().await).await;
}

/// A store whose resources have no stamps yet.
async fn check_stamps(url: DatabaseUrl) {
    let store = open(&url).await;
    run_list(&store, &migrate::MIGRATIONS[..5]).await.unwrap();
    let time = 1_717_200_000_000_000_i64;
    store
        .write(move |tx| {
            // Versions in the order of their times, some in one millisecond.
            let first = [("a", 1, 2, time + 5_400), ("b", 2, 2, time + 1_001), ("c", 3, 1, 0)];
            for (id, key, version, updated) in first {
                tx.execute(
                    "INSERT INTO resource
                       (domain, key, type, id, version, updated, deleted, origin, body)
                     VALUES (7, $1, 140, $2, $3, $4, $5, 'o', '}}')",
                    args![key, id, version, updated, i64::from(id == "b")],
                )?;
            }
            for (key, updated) in [(1, time + 1_000), (2, time + 1_000)] {
                tx.execute(
                    "INSERT INTO resource_history
                       (domain, resource, version, updated, deleted, body)
                     VALUES (7, $1, 1, $2, 0, '}}')",
                    args![key, updated],
                )?;
            }
            // The same in another domain.
            tx.execute(
                "INSERT INTO resource (domain, key, type, id, version, updated, deleted, origin, body)
                 SELECT 8, key, type, id, version, updated, deleted, origin, body FROM resource",
                args![],
            )
        })
        .await
        .unwrap();
    assert_eq!(migrate::run(&store).await.unwrap().len(), migrate::MIGRATIONS.len() - 5);
    let domain = koppeltaal_core::directory::Domain { number: 7, ..Default::default() };
    let scope = store.scope(&domain);
    let all = scope.read(|tx| resource::type_history(tx, "Task", None, None, None, 10));
    let all = all.await.unwrap();
    let shown: Vec<_> = all
        .iter()
        .map(|stored| (stored.id.as_str(), stored.version, stored.updated.0 - time, stored.deleted))
        .collect();
    assert_eq!(
        shown,
        [
            ("a", 2, 5_000, false),
            ("b", 2, 1_000, true),
            ("b", 1, 1_000, false),
            ("a", 1, 1_000, false),
            ("c", 1, -time, false)
        ]
    );
    assert!(all.is_sorted_by(|a, b| a.stamp > b.stamp));
    for stored in &all[..4] {
        assert_eq!(koppeltaal_core::id::time_of_key(stored.stamp), stored.updated);
    }
    // They are found and changed as all others are.
    let search = resource::search::Search {
        resource_type: "Task".to_owned(),
        conditions: Vec::new(),
        sort: Vec::new(),
        after: None,
        limit: 10,
    };
    let page = scope.read(move |tx| resource::search::page(tx, &search)).await.unwrap();
    let ids: Vec<&str> = page.found.iter().map(|stored| stored.id.as_str()).collect();
    assert_eq!(ids, ["a", "c"]);
    let ids = Ids::of_node(1);
    let now = Timestamp(time);
    let deleted = scope.write(move |tx| resource::delete(tx, &ids, "Task", "a", None, now)).await;
    let resource::Deleted::Done(deleted) = deleted.unwrap() else { panic!("not deleted") };
    assert!(deleted.stamp > all[0].stamp && deleted.updated > all[0].updated);
}

#[tokio::test(flavor = "multi_thread")]
async fn older_versions_get_stamps_in_the_order_of_their_times_on_sqlite() {
    let (url, _folder) = sqlite();
    check_stamps(url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn older_versions_get_stamps_in_the_order_of_their_times_on_postgres() {
    check_stamps(postgres().await).await;
}
