//! HTTP by hand, byte by byte, for what no client library would do.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::server::Server;

/// How long any single exchange may take.
const LIMIT: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// The `Authorization` header line of an instance of the provisioning file.
fn basic(username: &str) -> String {
    let encoded = STANDARD.encode(format!("{username}:{username}-secret"));
    format!("Authorization: Basic {encoded}\r\n")
}

/// A GET request of an instance below the KT1 face.
pub fn get(username: &str, path: &str) -> String {
    format!(
        "GET /FHIR/Koppeltaal/{path} HTTP/1.1\r\nHost: localhost\r\n{}\
         Accept: application/json\r\n\r\n",
        basic(username)
    )
}

/// The POST of a message, whole.
pub fn post(username: &str, body: &str) -> String {
    format!(
        "POST /FHIR/Koppeltaal/Mailbox HTTP/1.1\r\nHost: localhost\r\n{}Accept: application/json\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        basic(username),
        body.len()
    )
}

/// A request on a connection of its own.
pub async fn exchange(server: &Server, request: &str) -> Reply {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    read_reply(&mut stream).await.expect("an answer")
}

/// Reads one answer; `None` when the connection ends, or breaks, before one.
pub async fn read_reply<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Reply> {
    timeout(LIMIT, read(stream)).await.expect("an answer in time")
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Reply> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let status = text.split(' ').nth(1)?.parse().ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    while bytes.len() < head + length.unwrap_or(0) {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return None;
        }
    }
    let body = String::from_utf8_lossy(&bytes[head..]).into_owned();
    Some(Reply { status, head: text, body })
}
