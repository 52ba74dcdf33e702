//! A key set over HTTP, for clients whose keys the server fetches, and how often it did.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;

/// A key set that is served until the program ends.
pub struct JwksServer {
    /// Where it is.
    pub url: String,
    fetches: Arc<AtomicU64>,
}

impl JwksServer {
    /// Serves this key set.
    pub fn start(listen: SocketAddr, jwks: &str) -> anyhow::Result<JwksServer> {
        let listener =
            TcpListener::bind(listen).with_context(|| format!("{listen} cannot be listened on"))?;
        let url = format!("http://{}/jwks.json", listener.local_addr()?);
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: max-age=3600\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{jwks}",
            jwks.len()
        );
        let fetches = Arc::new(AtomicU64::new(0));
        let counter = fetches.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::Relaxed);
                // Who does not read the answer shows in the load.
                drop(serve(stream, &answer));
            }
        });
        Ok(JwksServer { url, fetches })
    }

    /// How often it was fetched.
    pub fn fetches(&self) -> u64 {
        self.fetches.load(Ordering::Relaxed)
    }
}

fn serve(mut stream: TcpStream, answer: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut part)?;
        if read == 0 || head.len() > 16 * 1024 {
            return Ok(());
        }
        head.extend_from_slice(&part[..read]);
    }
    stream.write_all(answer.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_set_is_served_and_its_fetches_are_counted() {
        let server = JwksServer::start(([127, 0, 0, 1], 0).into(), "{\"keys\":[]}").unwrap();
        let address = server.url.trim_start_matches("http://").trim_end_matches("/jwks.json");
        for _ in 0..2 {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(b"GET /jwks.json HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.ends_with("\r\n\r\n{\"keys\":[]}"), "{answer}");
        }
        assert_eq!(server.fetches(), 2);
    }
}
