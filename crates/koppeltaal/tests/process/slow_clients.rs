//! Clients that hold on to a connection without using it are cut off after half
//! a minute, and harm nobody in the meantime.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::world::{Engine, Server, World, bundle, exchange, get, post, read_reply};

/// The limits are 30 seconds.
const LEAST: Duration = Duration::from_secs(20);
const MOST: Duration = Duration::from_secs(45);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_and_idle_clients_are_cut_off_while_others_are_served() {
    let world = World::with(Engine::Sqlite, "").await;
    let server = Arc::new(world.serve());
    let over = Arc::new(AtomicBool::new(false));
    let others = tokio::spawn(serve_others(server.clone(), over.clone()));
    let whole = post("portal", &bundle("never-complete"));
    let half_body = &whole[..whole.len() - 10];
    let metadata = get("module", "metadata");
    let half_head = "GET /FHIR/Koppeltaal/metadata HTTP/1.1\r\nHost: local";
    tokio::join!(
        is_cut_off(&server, "an idle connection", "", None),
        is_cut_off(&server, "half a head", half_head, None),
        is_cut_off(&server, "idle after a request", &metadata, Some(200)),
        is_cut_off(&server, "half a body", half_body, Some(408)),
        drips(&server),
        does_not_read(&server),
    );
    over.store(true, Ordering::SeqCst);
    let served = others.await.unwrap();
    assert!(served > 20, "only {served} requests were served meanwhile");
    let rows = world.list(&["messages", "list"]);
    assert!(rows.iter().all(|row| row["message_identifier"] != "never-complete"));
}

/// Sends this and no more: an answer may come, then the end must.
async fn is_cut_off(server: &Server, what: &str, sends: &str, answer: Option<u16>) {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let began = Instant::now();
    stream.write_all(sends.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(MOST, stream.read_to_end(&mut bytes)).await;
    let read = read.unwrap_or_else(|_| panic!("{what} is not cut off"));
    let took = began.elapsed();
    assert!(took > LEAST, "{what} is cut off after {took:?} ({read:?})");
    let said = String::from_utf8_lossy(&bytes);
    let status = said.split(' ').nth(1).and_then(|status| status.parse().ok());
    assert!(answer.is_none() || status == answer, "{what}: {said}");
    if answer == Some(408) {
        assert!(said.contains("OperationOutcome"), "{said}");
    }
}

/// A byte now and then does not make a head last for ever.
async fn drips(server: &Server) {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let began = Instant::now();
    stream.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
    loop {
        assert!(began.elapsed() < MOST, "a head that drips is not cut off");
        let mut answer = [0; 1024];
        let pause = Duration::from_millis(500);
        match tokio::time::timeout(pause, stream.read(&mut answer)).await {
            Err(_) if stream.write_all(b"x").await.is_ok() => {}
            Ok(Ok(1..)) => {}
            Err(_) | Ok(_) => return,
        }
    }
}

/// Asks again and again and reads no answer.
async fn does_not_read(server: &Server) {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let began = Instant::now();
    let requests = get("module", "metadata").repeat(100);
    loop {
        assert!(began.elapsed() < MOST, "a client that does not read is not cut off");
        // Neither side gets on any more, until the server gives up.
        let pause = Duration::from_secs(1);
        let written = tokio::time::timeout(pause, stream.write_all(requests.as_bytes())).await;
        if let Ok(Err(error)) = written {
            let broken = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
            assert!(broken.contains(&error.kind()), "{error}");
            assert!(began.elapsed() > LEAST, "cut off after {:?}", began.elapsed());
            return;
        }
    }
}

async fn serve_others(server: Arc<Server>, over: Arc<AtomicBool>) -> usize {
    let mut served = 0;
    while !over.load(Ordering::SeqCst) {
        let began = Instant::now();
        let reply = exchange(&server, &post("portal", &bundle(&format!("other-{served}")))).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert!(began.elapsed() < Duration::from_secs(5), "others wait: {:?}", began.elapsed());
        served += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    served
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_in_the_middle_leaves_nothing_behind() {
    let world = World::with(Engine::Sqlite, "").await;
    let server = world.serve();
    let whole = post("portal", &bundle("half"));
    for cut in [10, 100, whole.len() / 2, whole.len() - 1] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(&whole.as_bytes()[..cut]).await.unwrap();
        drop(stream);
    }
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(post("portal", &bundle("whole")).as_bytes()).await.unwrap();
    assert_eq!(read_reply(&mut stream).await.unwrap().status, 200);
    assert_eq!(world.list(&["messages", "list"]).len(), 1);
}
