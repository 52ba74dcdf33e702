//! An HTTP server of a test: a publisher of keys, an identity provider.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// What answers a path: a status and a JSON text.
type Answers = dyn Fn(&str) -> (u16, String) + Send + Sync;

/// A server that answers until the test ends.
pub struct Publisher {
    /// Its URL, without a slash at its end.
    pub url: String,
}

impl Publisher {
    /// Serves what `answers` makes of its own URL.
    pub fn new<A>(answers: impl FnOnce(&str) -> A) -> Self
    where
        A: Fn(&str) -> (u16, String) + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers: Arc<Answers> = Arc::new(answers(&url));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answers = Arc::clone(&answers);
                std::thread::spawn(move || answer(stream, &*answers));
            }
        });
        Self { url }
    }

    /// Serves this text at every path.
    pub fn of(status: u16, text: &str) -> Self {
        let text = text.to_owned();
        Self::new(|_| move |_: &str| (status, text.clone()))
    }
}

/// A URL at which nobody listens.
pub fn nobody() -> String {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    format!("http://{address}")
}

fn answer(mut stream: TcpStream, answers: &Answers) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut piece = [0; 1024];
        let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
        request.extend_from_slice(&piece[..read]);
    }
    let head = String::from_utf8_lossy(&request);
    let (status, text) = answers(head.split(' ').nth(1)?);
    let length = text.len();
    write!(
        stream,
        "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{text}"
    )
    .ok()
}
