//! SIGTERM: what is in progress ends well, nothing new begins, and the process
//! ends soon and without an error.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{Engine, World, bundle, exchange, get, post, read_reply, until};

/// A few seconds, even on a busy machine.
const SOON: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_in_progress_is_answered_and_new_connections_are_refused_on_sqlite() {
    drains(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_in_progress_is_answered_and_new_connections_are_refused_on_postgres() {
    drains(Engine::Postgres).await;
}

async fn drains(engine: Engine) {
    let world = World::with(engine, "").await;
    let mut server = world.serve();
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(get("module", "metadata").as_bytes()).await.unwrap();
    assert_eq!(read_reply(&mut idle).await.unwrap().status, 200);
    let mut untouched = TcpStream::connect(server.address).await.unwrap();

    // The answer to `Expect` tells that the request is being worked on.
    let request = post("portal", &bundle("in-progress"));
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut busy = TcpStream::connect(server.address).await.unwrap();
    let head = format!("{head}\r\nExpect: 100-continue\r\n\r\n");
    busy.write_all(head.as_bytes()).await.unwrap();
    let told = read_reply(&mut busy).await.unwrap();
    assert_eq!(told.status, 100);

    server.terminate();
    until("new connections are refused", SOON, async || {
        TcpStream::connect(server.address).await.is_err()
    })
    .await;
    for stream in [&mut idle, &mut untouched] {
        let read = tokio::time::timeout(SOON, stream.read(&mut [0; 1])).await;
        assert_eq!(read.expect("idle connections are closed").unwrap_or(0), 0);
    }
    busy.write_all(body.as_bytes()).await.unwrap();
    let answer = read_reply(&mut busy).await.expect("the request in progress is answered");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let (status, _) = server.wait(SOON);
    assert_eq!(status.code(), Some(0));
    assert!(server.log().contains("stopped"), "{}", server.log());

    let server = world.serve();
    let headers = exchange(&server, &get("module", "MessageHeader/_search?_summary=true")).await;
    assert!(headers.body.contains("in-progress"), "{}", headers.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_in_use_ends_at_once() {
    let world = World::with(Engine::Sqlite, "").await;
    for _ in 0..3 {
        let mut server = world.serve();
        server.terminate();
        let (status, took) = server.wait(SOON);
        assert_eq!(status.code(), Some(0));
        if took < Duration::from_secs(1) {
            return;
        }
    }
    panic!("it took more than a second three times");
}
