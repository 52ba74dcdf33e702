//! The end of a server with open connections.

use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::client::Client;
use crate::support::{Engine, TestApp};

on_both_engines!(a_server_ends_with_connections_open, silent_connections_are_kept_alive);

async fn a_server_ends_with_connections_open(engine: Engine) {
    let app = TestApp::start(engine).await;
    let server = app.second_server().await;
    let client = Client::new(&app, "b").at(&server);
    let mut socket = client.negotiated().await.started("webSockets").await;
    let mut events = client.negotiated().await.started("serverSentEvents").await;
    let mut polls = client.negotiated().await.started("longPolling").await;
    polls.placed().await;
    let poll = tokio::spawn(async move { polls.next().await });
    let began = Instant::now();
    server.shutdown().await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(socket.close_code().await, Some(CloseCode::Away));
    events.ended().await;
    // A poll that had not arrived is refused, one that was held says: reconnect.
    if let Ok(Some(frame)) = poll.await {
        assert_eq!(frame["T"], 1, "{frame}");
    }
}

async fn silent_connections_are_kept_alive(engine: Engine) {
    let app = TestApp::build(engine)
        .config(|config| config.kt1.signalr_keep_alive = Duration::from_millis(100))
        .start()
        .await;
    let mut connections = Vec::new();
    for transport in ["webSockets", "serverSentEvents"] {
        connections.push(Client::new(&app, "b").negotiated().await.started(transport).await);
    }
    // Ten times what a client would wait for, with only keep-alives.
    let silence = connections.iter_mut().map(|connection| {
        tokio::time::timeout(Duration::from_secs(2), async {
            loop {
                assert!(connection.next().await.expect("stays open")["M"].is_array());
            }
        })
    });
    let silence: Vec<Result<(), _>> = futures_util::future::join_all(silence).await;
    assert!(silence.iter().all(Result::is_err));
    app.sent_patient("p").await;
    for mut connection in connections {
        connection.told().await;
    }
}
