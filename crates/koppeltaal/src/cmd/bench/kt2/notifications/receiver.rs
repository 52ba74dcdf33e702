//! What subscribers run: endpoints on loopback that keep when they were told of what. They answer
//! at once, late, or are not there at all.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The request ids of the writes of a measurement begin with this; their number follows.
pub const REQUEST_ID: &str = "bench-";

/// How an endpoint treats who calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It answers at once.
    Prompt,
    /// It answers after so long.
    Slow(Duration),
    /// Nobody listens.
    Dead,
}

/// A notification, whole on the wire.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// The endpoint, counted from 0.
    pub endpoint: usize,
    /// The number of the write, when the notification names one of a measurement.
    pub write: Option<u64>,
    /// When its last byte was read.
    pub at: Instant,
}

#[derive(Debug, Default)]
struct Arrivals {
    count: AtomicU64,
    log: Mutex<Vec<Arrival>>,
}

/// Endpoints that run, on a thread of their own, until the program ends.
pub struct Receiver {
    addresses: Vec<SocketAddr>,
    arrivals: Arc<Arrivals>,
}

impl Receiver {
    /// An endpoint for each of these manners.
    pub fn start(manners: &[Manner]) -> anyhow::Result<Receiver> {
        let mut receiver = Receiver { addresses: Vec::new(), arrivals: Arc::default() };
        let mut listeners = Vec::new();
        for (endpoint, manner) in manners.iter().enumerate() {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            receiver.addresses.push(listener.local_addr()?);
            match manner {
                Manner::Prompt => listeners.push((endpoint, Duration::ZERO, listener)),
                Manner::Slow(delay) => listeners.push((endpoint, *delay, listener)),
                Manner::Dead => {}
            }
        }
        receiver.listen(listeners)?;
        Ok(receiver)
    }

    /// So many endpoints at which nobody listens, until [`Receiver::arrive`].
    pub fn absent(endpoints: usize) -> anyhow::Result<Receiver> {
        Receiver::start(&vec![Manner::Dead; endpoints])
    }

    /// Listens at all endpoints of [`Receiver::absent`] from now on, and answers at once.
    pub fn arrive(&mut self) -> anyhow::Result<()> {
        let mut listeners = Vec::new();
        for (endpoint, address) in self.addresses.iter().enumerate() {
            listeners.push((endpoint, Duration::ZERO, TcpListener::bind(address)?));
        }
        self.listen(listeners)
    }

    fn listen(&self, listeners: Vec<(usize, Duration, TcpListener)>) -> anyhow::Result<()> {
        for (_, _, listener) in &listeners {
            listener.set_nonblocking(true)?;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let shared = self.arrivals.clone();
        std::thread::Builder::new()
            .name("receiver".to_owned())
            .spawn(move || runtime.block_on(serve(listeners, shared)))
            .context("the receiver does not start")?;
        Ok(())
    }

    /// The URL of an endpoint. They share what is called a host, and differ in their port.
    pub fn url(&self, endpoint: usize) -> String {
        let address = self.addresses.get(endpoint).or(self.addresses.first());
        address.map(|address| format!("http://{address}/hook")).unwrap_or_default()
    }

    /// How many notifications came, since the start.
    pub fn count(&self) -> u64 {
        self.arrivals.count.load(Ordering::Relaxed)
    }

    /// What came since the last call, in the order in which it came.
    pub fn take(&self) -> Vec<Arrival> {
        std::mem::take(&mut *self.arrivals.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until so many came, or none came for so long. Tells whether all did.
    pub fn wait_for(&self, count: u64, patience: Duration) -> bool {
        let (mut seen, mut since) = (self.count(), Instant::now());
        while self.count() < count {
            std::thread::sleep(Duration::from_millis(5));
            let now = self.count();
            if now != seen {
                (seen, since) = (now, Instant::now());
            }
            if since.elapsed() > patience {
                return false;
            }
        }
        true
    }
}

async fn serve(listeners: Vec<(usize, Duration, TcpListener)>, arrivals: Arc<Arrivals>) {
    let mut running = tokio::task::JoinSet::new();
    for (endpoint, delay, listener) in listeners {
        let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { continue };
        let arrivals = arrivals.clone();
        running.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, endpoint, delay, arrivals.clone()));
            }
        });
    }
    while running.join_next().await.is_some() {}
}

/// Answers the requests of one connection; they have no body.
async fn talk(mut stream: TcpStream, endpoint: usize, delay: Duration, arrivals: Arc<Arrivals>) {
    // Late answers show in the figures.
    let _ = stream.set_nodelay(true);
    let mut bytes = Vec::with_capacity(2048);
    loop {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            if bytes.len() > 64 * 1024 {
                return;
            }
            match stream.read_buf(&mut bytes).await {
                Ok(1..) => continue,
                _ => return,
            }
        };
        let write = bytes.get(..end).and_then(write_of);
        let arrival = Arrival { endpoint, write, at: Instant::now() };
        arrivals.log.lock().unwrap_or_else(PoisonError::into_inner).push(arrival);
        arrivals.count.fetch_add(1, Ordering::Relaxed);
        bytes.drain(..end + 4);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

/// The number of the write that a notification is about.
fn write_of(head: &[u8]) -> Option<u64> {
    let head = std::str::from_utf8(head).ok()?;
    let value = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("x-correlation-id").then_some(value.trim())
    })?;
    value.strip_prefix(REQUEST_ID)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn a_notification_is_counted_with_the_number_of_its_write() {
        let receiver = Receiver::start(&[Manner::Dead, Manner::Prompt]).unwrap();
        let address = receiver.addresses[1];
        assert_eq!(receiver.url(1), format!("http://{address}/hook"));
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        for id in ["bench-7", "other"] {
            let request = format!("POST /hook HTTP/1.1\r\nx-correlation-id: {id}\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = [0; 38];
            stream.read_exact(&mut answer).unwrap();
            assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
        }
        assert!(receiver.wait_for(2, Duration::from_secs(5)));
        let writes: Vec<_> = receiver.take().iter().map(|a| (a.endpoint, a.write)).collect();
        assert_eq!(writes, [(1, Some(7)), (1, None)]);
        assert!(receiver.take().is_empty());
        assert!(std::net::TcpStream::connect(receiver.addresses[0]).is_err());
        assert!(!receiver.wait_for(3, Duration::from_millis(20)));
    }
}
