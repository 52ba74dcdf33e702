//! An endpoint of an application on loopback, which counts what it is told.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The endpoint; its thread ends with the process.
pub struct Hook {
    pub url: String,
    told: Arc<AtomicUsize>,
}

impl Hook {
    /// Answers every request with this status.
    pub fn answering(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let told = Arc::new(AtomicUsize::new(0));
        let count = told.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut head = Vec::new();
                let mut part = [0; 1024];
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut part) {
                        Ok(read @ 1..) => head.extend_from_slice(&part[..read]),
                        _ => break,
                    }
                }
                if head.starts_with(b"POST /hook HTTP/1.1\r\n") {
                    count.fetch_add(1, Ordering::SeqCst);
                }
                let answer = "Content-Length: 0\r\nConnection: close\r\n\r\n";
                let _ = write!(stream, "HTTP/1.1 {status} X\r\n{answer}");
            }
        });
        Self { url, told }
    }

    /// How often it was told something.
    pub fn told(&self) -> usize {
        self.told.load(Ordering::SeqCst)
    }
}
