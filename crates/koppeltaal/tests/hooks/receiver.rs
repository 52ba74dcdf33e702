//! A subscriber's endpoint on command: it answers as it is told, late or never, breaks the
//! connection, sends elsewhere, and keeps every request as it came.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of a request.
#[derive(Debug, Clone)]
pub enum Manner {
    /// An answer with this status.
    Answer(u16),
    /// An answer with this status and these header lines.
    With(u16, Vec<String>),
    /// A 200 after so long.
    Late(Duration),
    /// No answer; the connection stays open.
    Hang,
    /// The connection is reset.
    Reset,
    /// Something that is no HTTP.
    Garbage,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Call {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Who asked: the same for all requests of one connection.
    pub peer: SocketAddr,
    pub at: Instant,
    /// The status that was answered; absent while there is none.
    pub answered: Option<u16>,
}

impl Call {
    /// The value of a header, as the sender wrote it.
    pub fn header(&self, name: &str) -> Option<&str> {
        let is = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.headers.iter().find(is).map(|(_, value)| value.as_str())
    }

    /// The request that it is about.
    pub fn cause(&self) -> &str {
        self.header("x-correlation-id").unwrap_or_else(|| panic!("no cause: {self:?}"))
    }
}

#[derive(Debug)]
struct Orders {
    next: VecDeque<Manner>,
    then: Manner,
}

/// The endpoint; it ends with the runtime of its test.
#[derive(Debug, Clone)]
pub struct Receiver {
    address: SocketAddr,
    orders: Arc<Mutex<Orders>>,
    calls: watch::Sender<Vec<Call>>,
}

impl Receiver {
    /// An endpoint that answers 200.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            orders: Arc::new(Mutex::new(Orders {
                next: VecDeque::new(),
                then: Manner::Answer(200),
            })),
            calls: watch::Sender::new(Vec::new()),
        };
        let serving = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream, peer));
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// What becomes of the next requests, after those of which this was said earlier.
    pub fn next(&self, manners: impl IntoIterator<Item = Manner>) {
        self.orders.lock().unwrap().next.extend(manners);
    }

    /// What becomes of every request from now on, whatever was said before.
    pub fn always(&self, manner: Manner) {
        *self.orders.lock().unwrap() = Orders { next: VecDeque::new(), then: manner };
    }

    /// All requests so far.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.borrow().clone()
    }

    /// Waits for so many requests in all; there may be more.
    pub async fn heard(&self, count: usize) -> Vec<Call> {
        self.until(&format!("{count} notifications"), |calls| calls.len() >= count).await
    }

    /// Waits until a request about this one was answered with a 200.
    pub async fn heard_of(&self, cause: &str) -> Vec<Call> {
        let is = |call: &Call| call.answered == Some(200) && call.cause() == cause;
        self.until(&format!("a notification of {cause}"), |calls| calls.iter().any(is)).await
    }

    /// Waits until the requests are so.
    pub async fn until(&self, what: &str, is_so: impl Fn(&[Call]) -> bool) -> Vec<Call> {
        let mut calls = self.calls.subscribe();
        let limit = Duration::from_secs(30);
        match tokio::time::timeout(limit, calls.wait_for(|calls| is_so(calls))).await {
            Ok(calls) => calls.unwrap().clone(),
            Err(_) => panic!("not in time: {what}; there are {:#?}", self.calls()),
        }
    }

    /// Which requests were told of, in order, as far as they were answered with a 200.
    pub fn told(&self) -> Vec<String> {
        let calls = self.calls();
        let told = calls.iter().filter(|call| call.answered == Some(200));
        told.map(|call| call.cause().to_owned()).collect()
    }

    async fn serve(self, mut stream: TcpStream, peer: SocketAddr) {
        while let Some(mut call) = read(&mut stream, peer).await {
            let manner = {
                let mut orders = self.orders.lock().unwrap();
                orders.next.pop_front().unwrap_or_else(|| orders.then.clone())
            };
            // It is known to be answered before the sender can know it.
            call.answered = match &manner {
                Manner::Answer(status) | Manner::With(status, _) => Some(*status),
                Manner::Late(_) | Manner::Hang | Manner::Reset | Manner::Garbage => None,
            };
            let mut at = 0;
            self.calls.send_modify(|calls| {
                at = calls.len();
                calls.push(call);
            });
            let (status, lines) = match manner {
                Manner::Answer(status) => (status, Vec::new()),
                Manner::With(status, lines) => (status, lines),
                Manner::Late(time) => {
                    tokio::time::sleep(time).await;
                    self.calls.send_modify(|calls| calls[at].answered = Some(200));
                    (200, Vec::new())
                }
                Manner::Hang => {
                    // Until the other side has had enough.
                    let _gone = stream.read(&mut [0; 1]).await;
                    return;
                }
                Manner::Reset => {
                    // An end with something unread is a reset.
                    stream.set_zero_linger().unwrap();
                    return;
                }
                Manner::Garbage => {
                    let _gone = stream.write_all(b"220 mail.example ESMTP\r\n").await;
                    return;
                }
            };
            let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let answer = format!("HTTP/1.1 {status} X\r\n{lines}Content-Length: 0\r\n\r\n");
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// Reads a request with its body, to the byte.
async fn read(stream: &mut TcpStream, peer: SocketAddr) -> Option<Call> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
        assert!(head.len() < 200_000, "a head without an end");
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next()?.to_owned();
    let pair = |line: &str| {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no header: {line}"));
        (name.to_owned(), value.trim().to_owned())
    };
    let headers: Vec<_> = lines.map(pair).collect();
    let mut call =
        Call { line, headers, body: Vec::new(), peer, at: Instant::now(), answered: None };
    let length = call.header("content-length").map_or(0, |length| length.parse().unwrap());
    call.body = vec![0; length];
    stream.read_exact(&mut call.body).await.ok()?;
    Some(call)
}
