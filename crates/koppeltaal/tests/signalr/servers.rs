//! Several server processes on one PostgreSQL.

use std::time::{Duration, Instant};

use crate::client::{Client, START_PUSH, TRANSPORTS};
use crate::support::{Engine, TestApp, eventually};

/// Two servers hear each other once both listen.
async fn hearing(app: &TestApp) {
    let listening = "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE 'LISTEN koppeltaal_hub%'";
    eventually("both servers listen", async || app.number(listening).await >= 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_accepted_by_one_server_is_told_at_another() {
    let app = TestApp::start(Engine::Postgres).await;
    let other = app.second_server().await;
    hearing(&app).await;
    for transport in TRANSPORTS {
        let mut connection =
            Client::new(&app, "b").at(&other).negotiated().await.started(transport).await;
        connection.placed().await;
        app.sent_patient(transport).await;
        let sent = Instant::now();
        connection.told().await;
        // Far below the interval at which mailboxes are looked at anyway.
        assert!(sent.elapsed() < Duration::from_secs(2), "{transport}: {:?}", sent.elapsed());
        while !app.b().claim().await.is_empty() {}
    }
    other.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn start_push_reaches_a_connection_at_another_server() {
    let app = TestApp::start(Engine::Postgres).await;
    let other = app.second_server().await;
    hearing(&app).await;
    for transport in ["serverSentEvents", "longPolling"] {
        let session = Client::new(&app, "b").negotiated().await;
        let mut connection = session.at(&other).connect(transport).await;
        let (answer, ()) = tokio::join!(session.send(transport, START_PUSH), connection.placed());
        assert_eq!(answer.status, 200, "{answer:?}");
        app.sent_patient(transport).await;
        connection.told().await;
        while !app.b().claim().await.is_empty() {}
    }
    other.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polls_may_go_to_another_server_each_time() {
    let app = TestApp::start(Engine::Postgres).await;
    let other = app.second_server().await;
    let session = Client::new(&app, "b").negotiated().await;
    let mut here = session.started("longPolling").await;
    let mut there = session.at(&other).connect("longPolling").await;
    there.place.clone_from(&here.place);
    for round in 0..4 {
        app.sent_patient(&format!("p{round}")).await;
        there.told().await;
        here.place.clone_from(&there.place);
        std::mem::swap(&mut here, &mut there);
    }
    other.shutdown().await;
}

// What a lost note would have told is found by looking.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_told_is_found() {
    let app = TestApp::start(Engine::Postgres).await;
    let mut connection = Client::new(&app, "b").negotiated().await.started("webSockets").await;
    connection.placed().await;
    app.sent_patient("p").await;
    connection.told().await;
    let claimed = app.b().claim().await.message();
    assert_eq!(connection.told_by_now().await, 0);
    // As an operator does it: `koppeltaal messages requeue` is another process.
    let sql = format!("UPDATE kt1_item SET status = 0 WHERE id = {}", claimed.number());
    let update = move |tx: &mut dyn koppeltaal_store::Tx| tx.execute(&sql, &[]);
    app.store().write(update).await.unwrap();
    connection.told().await;
}
