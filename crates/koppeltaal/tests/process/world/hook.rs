//! An endpoint that is told of new messages. It can keep its callers waiting.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The endpoint; it ends with the runtime of its test.
#[derive(Clone)]
pub struct Hook {
    pub url: String,
    answers: watch::Sender<bool>,
    told: Arc<Mutex<HashMap<String, usize>>>,
}

impl Hook {
    /// An endpoint that answers.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hook = Self {
            url: format!("http://{}/hook", listener.local_addr().unwrap()),
            answers: watch::Sender::new(true),
            told: Arc::default(),
        };
        let serving = hook.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        hook
    }

    /// Keeps callers waiting from now on, or lets them go.
    pub fn answer(&self, answers: bool) {
        self.answers.send_replace(answers);
    }

    /// How often it was told of which message, by the identifier of its sender.
    pub fn told(&self) -> HashMap<String, usize> {
        self.told.lock().unwrap().clone()
    }

    async fn serve(self, mut stream: TcpStream) -> Option<()> {
        let mut bytes = Vec::new();
        loop {
            // The requests have no body.
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
                if stream.read_buf(&mut bytes).await.ok()? == 0 {
                    return None;
                }
                continue;
            };
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            bytes.drain(..end + 4);
            self.answers.subscribe().wait_for(|answers| *answers).await.ok()?;
            let identifier = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("KoppeltaalMessageIdentifier").then(|| value.trim())
            });
            *self.told.lock().unwrap().entry(identifier?.to_owned()).or_default() += 1;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.ok()?;
        }
    }
}
