//! From the start of the process to the first answer; and stores that this
//! program must leave alone.

use std::time::{Duration, Instant};

use koppeltaal_store::{Store, migrate, test_support};

use crate::world::{Engine, World, bundle, exchange, post};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_ready_well_under_a_second_on_an_existing_store() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let world = World::with(engine, "").await;
        let server = world.serve();
        for number in 0..50 {
            let sent = exchange(&server, &post("portal", &bundle(&format!("m-{number}")))).await;
            assert_eq!(sent.status, 200, "{}", sent.body);
        }
        // A log that a crash left has to be read again.
        server.kill();
        let mut quickest = Duration::MAX;
        for _ in 0..3 {
            let began = Instant::now();
            let server = world.serve();
            let ready = exchange(&server, "GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n").await;
            quickest = quickest.min(began.elapsed());
            assert_eq!((ready.status, ready.body.as_str()), (200, "ready\n"));
            server.kill();
        }
        assert!(quickest < Duration::from_millis(800), "{engine:?}: at best {quickest:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_of_a_newer_program_is_refused_by_name() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let world = World::with(engine, "").await;
        let store = Store::open(&world.database(), &test_support::options()).await.unwrap();
        let mut list = migrate::MIGRATIONS.to_vec();
        list.push(migrate::Migration {
            number: i64::try_from(list.len()).unwrap() + 1,
            name: "of the future",
            sql: "CREATE TABLE of_the_future (id BIGINT)",
        });
        assert_eq!(migrate::run_list(&store, &list).await.unwrap().len(), 1);
        store.close().await;
        for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["messages", "list"]] {
            let said = world.run(command);
            assert_eq!(said.code, 4, "{command:?}: {}", said.err);
            assert!(said.err.contains("written by a newer koppeltaal"), "{}", said.err);
            assert!(said.err.contains("upgrade the program"), "{}", said.err);
        }
    }
}
