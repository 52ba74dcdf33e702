//! StorageItems as an application sends them, and a provider that answers as it is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use koppeltaal_core::directory::{Storage, StorageKind};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::client::{Answer, extension, kt};

/// The URL of a patient.
pub fn patient_url(name: &str) -> String {
    format!("https://app.example/fhir/Patient/{name}")
}

/// The items of a domain are in this server.
pub fn built_in(quota: Option<u64>) -> Option<Storage> {
    let kind = StorageKind::BuiltIn;
    Some(Storage { kind, url: None, username: None, password: None, quota })
}

/// The items of a domain are at a provider.
pub fn at_provider(url: &str) -> Option<Storage> {
    let kind = StorageKind::Proxy;
    Some(Storage { kind, url: Some(url.to_owned()), username: None, password: None, quota: None })
}

/// An item about a patient, of type `save`.
pub fn item(patient: &str, key: &str, content: &str) -> Value {
    json!({
        "resourceType": "Other",
        "extension": [
            { "url": kt("StorageItem#ContentType"), "valueCode": "text/plain" },
            { "url": kt("StorageItem#Content"), "valueBase64Binary": STANDARD.encode(content) },
            {
                "url": kt("StorageItem#PatientIdentifier"),
                "valueResource": { "reference": patient_url(patient) },
            },
            { "url": kt("StorageItem#ObjectType"), "valueString": "save" },
            { "url": kt("StorageItem#ObjectKey"), "valueString": key },
        ],
        "code": { "coding": [{ "system": kt("OtherResourceUsage"), "code": "StorageItem" }] },
    })
}

/// The value of an extension of an item.
#[track_caller]
pub fn part(item: &Value, name: &str) -> String {
    let extension = extension(item, &format!("StorageItem#{name}")).unwrap();
    let members = extension.as_object().unwrap();
    let (_, value) = members.iter().find(|(name, _)| name.starts_with("value")).unwrap();
    value.as_str().or_else(|| value["reference"].as_str()).unwrap().to_owned()
}

/// Sets the value of an extension of an item.
pub fn set_part(item: &mut Value, name: &str, value: &str) {
    let url = kt(&format!("StorageItem#{name}"));
    let extensions = item["extension"].as_array_mut().unwrap();
    extensions.retain(|extension| extension["url"] != url);
    extensions.push(json!({ "url": url, "valueString": value }));
}

/// The content of an item.
#[track_caller]
pub fn content(item: &Value) -> String {
    String::from_utf8(STANDARD.decode(part(item, "Content")).unwrap()).unwrap()
}

/// The versioned URL that an answer names.
#[track_caller]
pub fn location(answer: &Answer) -> String {
    answer.header("content-location").unwrap().to_owned()
}

/// The keys of the items of a list, in order.
pub fn keys(answer: &Answer) -> Vec<String> {
    answer.entries().iter().map(|entry| part(&entry["content"], "ObjectKey")).collect()
}

/// What a provider was asked: line, headers and body as they came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub head: String,
    pub body: String,
}

impl Asked {
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

/// What a provider does with a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Answers this, as it is.
    Raw(Vec<u8>),
    /// Never answers.
    Silence,
    /// Hangs up.
    HangUp,
}

impl Reply {
    /// Status, more headers (each with its line end) and body.
    pub fn with(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
        );
        Self::Raw(text.into_bytes())
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self::with(status, "Content-Type: application/json+fhir\r\n", &body.to_string())
    }
}

/// A provider on loopback; it ends with the runtime of its test.
#[derive(Debug, Clone)]
pub struct StubProvider {
    pub url: String,
    replies: Arc<Mutex<Vec<Reply>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl StubProvider {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stub = Self {
            url: format!("http://{}/fhir", listener.local_addr().unwrap()),
            replies: Arc::default(),
            asked: Arc::default(),
        };
        let served = stub.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(served.clone().serve(stream));
            }
        });
        stub
    }

    /// The replies to the next requests; the last one is given for ever.
    pub fn replies(&self, replies: impl IntoIterator<Item = Reply>) {
        *self.replies.lock().unwrap() = replies.into_iter().collect();
        self.asked.lock().unwrap().clear();
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        let head = loop {
            if let Some(at) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let mut asked =
            Asked { head: String::from_utf8(bytes[..head].to_vec()).unwrap(), body: String::new() };
        let length = asked.header("content-length").map_or(0, |text| text.parse().unwrap());
        while bytes.len() < head + length {
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return;
            }
        }
        asked.body = String::from_utf8(bytes[head..].to_vec()).unwrap();
        self.asked.lock().unwrap().push(asked);
        let reply = {
            let mut replies = self.replies.lock().unwrap();
            if replies.len() > 1 { replies.remove(0) } else { replies[0].clone() }
        };
        match reply {
            Reply::Raw(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
            }
            Reply::Silence => tokio::time::sleep(Duration::from_secs(600)).await,
            Reply::HangUp => {}
        }
    }
}
