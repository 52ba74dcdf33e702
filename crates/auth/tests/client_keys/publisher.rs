//! A publisher of key sets on loopback that counts, waits, moves and breaks down.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What a publisher answers: everything after the status line's version.
pub type Answer = Arc<Mutex<String>>;

pub struct Publisher {
    pub port: u16,
    answer: Answer,
    hits: Arc<AtomicUsize>,
    /// While true, requests wait for their answer.
    held: watch::Sender<bool>,
}

impl Publisher {
    pub async fn start(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (held, holding) = watch::channel(false);
        let publisher =
            Self { port, answer: Arc::new(Mutex::new(answer)), hits: Arc::default(), held };
        let (answer, hits) = (Arc::clone(&publisher.answer), Arc::clone(&publisher.hits));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (answer, hits) = (Arc::clone(&answer), Arc::clone(&hits));
                let mut holding = holding.clone();
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\n") {
                        if stream.read_buf(&mut request).await.unwrap() == 0 {
                            return;
                        }
                    }
                    hits.fetch_add(1, Ordering::SeqCst);
                    let _ = holding.wait_for(|held| !held).await;
                    let answer = format!("HTTP/1.1 {}", answer.lock().unwrap());
                    // Who does not want the rest hangs up.
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        publisher
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/jwks", self.port)
    }

    pub fn answer(&self, answer: String) {
        *self.answer.lock().unwrap() = answer;
    }

    pub fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    pub fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }

    pub async fn until_hits(&self, hits: usize) {
        until(|| self.hits() >= hits).await;
    }
}

pub async fn until(done: impl Fn() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap();
}

/// A key set with keys of these names, which need not be good for anything here.
pub fn published(headers: &str, kids: &[&str]) -> String {
    let keys: Vec<_> = kids.iter().map(|kid| json!({ "kid": kid })).collect();
    answer("200 OK", headers, &json!({ "keys": keys }).to_string())
}

pub fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("{status}\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}")
}

pub fn failing() -> String {
    answer("503 Service Unavailable", "", "")
}
