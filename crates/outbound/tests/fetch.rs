//! Bounded requests against a small server that answers as it is told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, StatusCode};
use koppeltaal_core::directory::{Domain, Phase};
use koppeltaal_outbound::{AGENT, Clients, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that gives every connection the same answer, and keeps what it was sent.
struct Server {
    port: u16,
    received: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// With `stall` it never ends its answer.
    async fn start(answer: impl Into<Vec<u8>>, stall: bool) -> Self {
        let answer = answer.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&received);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (answer, kept) = (answer.clone(), Arc::clone(&kept));
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    // The body of the tests is one letter, sent with its header.
                    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                        if stream.read_buf(&mut request).await.unwrap() == 0 {
                            return;
                        }
                    }
                    kept.lock().unwrap().push(String::from_utf8(request).unwrap());
                    // The client hangs up on an answer that is too long for it.
                    let _ = stream.write_all(&answer).await;
                    if stall {
                        std::future::pending::<()>().await;
                    }
                });
            }
        });
        Self { port, received }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/keys?x=1", self.port)
    }

    fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

fn lenient() -> Domain {
    Domain { phase: Phase::Test, allow_http_loopback: true, ..Domain::default() }
}

fn clients() -> Clients {
    let timeout = Duration::from_millis(300);
    Clients::new(Settings { timeout, ..Settings::default() }).unwrap()
}

#[tokio::test]
async fn a_get_says_who_asks_and_gives_the_whole_answer() {
    let server = Server::start(
        "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nCache-Control: no-store\r\n\r\nhello",
        false,
    )
    .await;
    let fetched = clients().get(&server.url(), &lenient(), "text/x", 5).await.unwrap();
    assert_eq!(fetched.status, StatusCode::NOT_FOUND);
    assert_eq!(fetched.headers["cache-control"], "no-store");
    assert_eq!(fetched.body, b"hello");
    let request = server.received()[0].to_ascii_lowercase();
    assert!(request.starts_with("get /keys?x=1 http/1.1\r\n"), "{request}");
    assert!(request.contains("\r\naccept: text/x\r\n"), "{request}");
    let agent = format!("\r\nuser-agent: {}\r\n", AGENT.to_ascii_lowercase());
    assert!(request.contains(&agent) && AGENT.starts_with("Mozilla/5.0"), "{request}");
}

#[tokio::test]
async fn any_request_goes_out_as_it_is() {
    let server = Server::start("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok", false).await;
    let request = Request::post(server.url()).header("x-own", "1").body(b"B".to_vec()).unwrap();
    let answer = clients().execute(&lenient(), request, 64).await.unwrap();
    assert_eq!((answer.status(), answer.body().as_slice()), (StatusCode::CREATED, &b"ok"[..]));
    let request = server.received()[0].to_ascii_lowercase();
    assert!(request.starts_with("post /keys?x=1 "), "{request}");
    assert!(request.contains("\r\nx-own: 1\r\n"), "{request}");
    assert!(request.contains("\r\ncontent-length: 1\r\n"), "{request}");
}

#[tokio::test]
async fn an_answer_over_the_limit_is_not_read_to_its_end() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(1 << 20)),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{}\r\n", "x".repeat(6)),
    ] {
        let server = Server::start(answer, true).await;
        let error = clients().get(&server.url(), &lenient(), "*/*", 5).await.unwrap_err();
        assert_eq!(error, "the answer is longer than 5 bytes");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_or_does_not_end_is_not_waited_for() {
    for answer in ["", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"] {
        let server = Server::start(answer, true).await;
        let error = clients().get(&server.url(), &lenient(), "*/*", 99).await.unwrap_err();
        assert_eq!(error, "no answer within 300 ms", "{answer}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let aim = Server::start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false).await;
    let answer =
        format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", aim.url());
    let server = Server::start(answer, false).await;
    let fetched = clients().get(&server.url(), &lenient(), "*/*", 99).await.unwrap();
    assert_eq!(fetched.status, StatusCode::FOUND);
    assert!(aim.received().is_empty());
}

#[tokio::test]
async fn the_rules_for_urls_hold_for_every_call() {
    let server = Server::start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false).await;
    let strict = Domain { phase: Phase::Production, ..lenient() };
    for (domain, url, expected) in [
        (&strict, server.url(), "not https"),
        (&strict, format!("https://127.0.0.1:{}/", server.port), "address 127.0.0.1 refused"),
        (&strict, format!("https://localhost:{}/", server.port), "refused: private, loopback"),
        (&Domain::default(), server.url(), "not https"),
        (&lenient(), "http://192.0.2.1/".to_owned(), "not https"),
        (&lenient(), "file:///etc/passwd".to_owned(), "the endpoint"),
        (&lenient(), "keys".to_owned(), "not a URL"),
    ] {
        let error = clients().get(&url, domain, "*/*", 99).await.unwrap_err();
        assert!(error.contains(expected), "{url}: {error}");
    }
    let request = Request::get(server.url()).body(Vec::new()).unwrap();
    assert!(clients().execute(&strict, request, 99).await.unwrap_err().contains("not https"));
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn nobody_there_is_said_without_the_url() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://127.0.0.1:{}/secret", unused.local_addr().unwrap().port());
    drop(unused);
    let error = clients().get(&url, &lenient(), "*/*", 99).await.unwrap_err();
    assert!(error.starts_with("no connection: ") && !error.contains("secret"), "{error}");
}
