//! A small OpenID provider on loopback that answers what the test wrote down.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What is answered at a path.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Status, further header lines, body.
    Says(u16, String, Vec<u8>),
    /// The connection is closed without a word.
    Gone,
    /// Nothing, for as long as the caller waits.
    Silent,
}

impl Reply {
    pub fn json(value: &Value) -> Self {
        Self::text(200, "application/json", &value.to_string())
    }

    pub fn text(status: u16, kind: &str, body: &str) -> Self {
        Self::Says(status, format!("Content-Type: {kind}\r\n"), body.as_bytes().to_vec())
    }

    pub fn header(self, line: &str) -> Self {
        match self {
            Self::Says(status, headers, body) => {
                Self::Says(status, format!("{headers}{line}\r\n"), body)
            }
            other => other,
        }
    }
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    pub path: String,
    /// The request line and the headers.
    pub head: String,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub fn form(&self) -> HashMap<String, String> {
        url::form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }
}

#[derive(Default)]
struct Script {
    replies: HashMap<String, Reply>,
    seen: Vec<Seen>,
}

/// The provider; it goes with the test's runtime.
pub struct Provider {
    pub issuer: String,
    script: Arc<Mutex<Script>>,
}

pub const DISCOVERY: &str = "/.well-known/openid-configuration";

impl Provider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script::default()));
        let shared = Arc::clone(&script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        let provider = Self { issuer, script };
        provider.on(DISCOVERY, Reply::json(&provider.discovery()));
        provider
    }

    /// A whole discovery document.
    pub fn discovery(&self) -> Value {
        let issuer = &self.issuer;
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"]
        })
    }

    /// From now on this is answered at the path.
    pub fn on(&self, path: &str, reply: Reply) {
        self.script.lock().unwrap().replies.insert(path.to_owned(), reply);
    }

    /// From now on nothing is answered anywhere.
    pub fn go_down(&self) {
        self.script.lock().unwrap().replies.values_mut().for_each(|reply| *reply = Reply::Gone);
    }

    /// The requests at a path so far.
    pub fn seen(&self, path: &str) -> Vec<Seen> {
        let script = self.script.lock().unwrap();
        script.seen.iter().filter(|seen| seen.path == path).cloned().collect()
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Mutex<Script>>) {
    let Some(seen) = read(&mut stream).await else { return };
    let reply = {
        let mut script = script.lock().unwrap();
        let reply = script.replies.get(&seen.path).cloned();
        script.seen.push(seen);
        reply.unwrap_or_else(|| Reply::text(404, "text/html", "<h1>not here</h1>"))
    };
    let (status, headers, body) = match reply {
        Reply::Says(status, headers, body) => (status, headers, body),
        Reply::Gone => return,
        Reply::Silent => std::future::pending().await,
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    // The caller may have had enough already.
    let _ = stream.write_all(&[head.into_bytes(), body].concat()).await;
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let path = head.split(' ').nth(1)?.to_owned();
            let seen = Seen { path, head: head.to_owned(), body: body.to_owned() };
            let length = seen.header("content-length").map_or(0, |it| it.parse().unwrap());
            if body.len() >= length {
                return Some(seen);
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(n) if n > 0 => bytes.extend_from_slice(&chunk[..n]),
            _ => return None,
        }
    }
}
