//! Clients that read nothing, answer nothing, or are gone without a word.

use std::time::Duration;

use futures_util::SinkExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::Message;

use crate::client::{Client, Session, basic};
use crate::support::{Engine, TestApp, eventually};

on_both_engines!(
    who_answers_no_ping_is_cut_off,
    who_reads_nothing_is_cut_off,
    who_goes_away_leaves_nothing_behind,
);

/// How many connections the server counts.
async fn connections(app: &TestApp) -> usize {
    let metrics = reqwest::get(format!("{}/metrics", app.server.public_url)).await.unwrap();
    let text = metrics.text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("koppeltaal_hub_connections "));
    line.unwrap().parse().unwrap()
}

/// The head of a request that upgrades, as text.
fn head(session: &Session) -> String {
    let path = session.path("connect", "webSockets");
    format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        basic("b")
    )
}

async fn who_answers_no_ping_is_cut_off(engine: Engine) {
    let app = TestApp::build(engine)
        .config(|config| config.kt1.signalr_keep_alive = Duration::from_millis(100))
        .start()
        .await;
    let session = Client::new(&app, "b").negotiated().await;
    let mut stream = TcpStream::connect(app.server.address).await.unwrap();
    stream.write_all(head(&session).as_bytes()).await.unwrap();
    let mut said = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut said)).await;
    assert!(ended.is_ok(), "it says that it lives for ever");
    assert!(said.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&said));
    eventually("it is not counted", async || connections(&app).await == 0).await;
}

// It calls and calls and reads no answer: the server stops reading, and then gives up.
async fn who_reads_nothing_is_cut_off(engine: Engine) {
    let app = TestApp::start(engine).await;
    let session = Client::new(&app, "b").negotiated().await;
    let mut socket = session.web_socket(&session.path("connect", "webSockets")).await;
    let call = Message::text(r#"{"H":"koppeltaalhub","M":"none","I":1}"#);
    let flood = async { while socket.send(call.clone()).await.is_ok() {} };
    let cut = tokio::time::timeout(Duration::from_secs(120), flood).await;
    assert!(cut.is_ok(), "whoever reads nothing keeps its connection");
    eventually("it is not counted", async || connections(&app).await == 0).await;
}

async fn who_goes_away_leaves_nothing_behind(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        for transport in ["webSockets", "serverSentEvents"] {
            open.push(Client::new(&app, "b").negotiated().await.started(transport).await);
        }
    }
    let session = Client::new(&app, "b").negotiated().await;
    let mut polls = session.started("longPolling").await;
    polls.placed().await;
    let poll = tokio::spawn(async move { polls.next().await });
    eventually("all are counted", async || connections(&app).await == 7).await;
    poll.abort();
    drop(open);
    eventually("none is counted", async || connections(&app).await == 0).await;
}
