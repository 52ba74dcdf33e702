//! An endpoint on loopback that keeps what it received and answers as told.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// How the endpoint answers.
#[derive(Debug, Clone)]
pub enum Answer {
    /// This head, and no body.
    Head(String),
    /// Nothing, ever.
    Never,
    /// A 200 after a while.
    After(Duration),
    /// A 200 whose body does not end.
    Endless,
    /// The connection is cut without an answer.
    Reset,
    /// These, one for each request; then the last for ever.
    Script(Vec<Answer>),
}

impl Answer {
    /// A status without further headers.
    pub fn status(status: u16) -> Self {
        Self::with(status, "")
    }

    /// A status with header lines, each ending in CRLF.
    pub fn with(status: u16, headers: &str) -> Self {
        Self::Head(format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n{headers}\r\n"))
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// The request line.
    pub line: String,
    /// The headers, names in lower case, sorted.
    pub headers: Vec<(String, String)>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug)]
struct Shared {
    answer: Mutex<Answer>,
    received: Mutex<Vec<Received>>,
    connections: AtomicUsize,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

/// The endpoint; ends with the runtime of its test.
#[derive(Debug, Clone)]
pub struct Hook {
    shared: Arc<Shared>,
    pub address: SocketAddr,
}

impl Hook {
    pub async fn start(answer: Answer) -> Self {
        Self::start_with(answer, None).await
    }

    /// With TLS.
    pub async fn start_with(answer: Answer, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            answer: Mutex::new(answer),
            received: Mutex::default(),
            connections: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
            most_in_flight: AtomicUsize::new(0),
        });
        let hook = Self { shared: Arc::clone(&shared), address };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (shared, tls) = (Arc::clone(&shared), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &shared).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &shared).await;
                            }
                        }
                    }
                });
            }
        });
        hook
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub fn answer(&self, answer: Answer) {
        *self.shared.answer.lock().unwrap() = answer;
    }

    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.shared.received.lock().unwrap().len()
    }

    /// The greatest number of requests that were not answered at the same time.
    pub fn most_in_flight(&self) -> usize {
        self.shared.most_in_flight.load(Ordering::SeqCst)
    }

    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) {
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            let mut chunk = [0; 4096];
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return,
                Ok(read) => buffer.extend_from_slice(&chunk[..read]),
            }
        };
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        buffer.drain(..end + 4);
        // A body would stand here and be taken for the next request line.
        let mut lines = head.split("\r\n");
        let line = lines.next().unwrap_or_default().to_owned();
        let mut headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        headers.sort();
        shared.received.lock().unwrap().push(Received { line, headers });
        let now = shared.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most_in_flight.fetch_max(now, Ordering::SeqCst);
        let answer = next_answer(&mut shared.answer.lock().unwrap());
        let _answering = Answering(shared);
        let sent = match answer {
            Answer::Head(head) => stream.write_all(head.as_bytes()).await,
            Answer::Never => return std::future::pending().await,
            Answer::Reset | Answer::Script(_) => return,
            Answer::After(pause) => {
                tokio::time::sleep(pause).await;
                stream.write_all(b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n").await
            }
            Answer::Endless => {
                let head = b"HTTP/1.1 200 X\r\nContent-Length: 1000000000\r\n\r\n";
                let mut sent = stream.write_all(head).await;
                while sent.is_ok() {
                    sent = stream.write_all(&[b'x'; 8192]).await;
                }
                sent
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

/// A request that is being answered.
struct Answering<'a>(&'a Shared);

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

fn next_answer(answer: &mut Answer) -> Answer {
    match answer {
        Answer::Script(rest) if rest.len() > 1 => rest.remove(0),
        Answer::Script(rest) => rest.first().cloned().unwrap_or(Answer::Reset),
        other => other.clone(),
    }
}
