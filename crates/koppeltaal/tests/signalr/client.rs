//! A client of the protocol that hides nothing: requests, frames, and what is in them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use koppeltaal::server::Server;
use reqwest::{Method, header};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::support::TestApp;
use crate::support::setup::PASSWORD;

/// How long anything may take that is to happen.
pub const SOON: Duration = Duration::from_secs(10);

pub const HUBS: &str = "%5B%7B%22name%22%3A%22koppeltaalhub%22%7D%5D";

/// Every transport.
pub const TRANSPORTS: [&str; 3] = ["webSockets", "serverSentEvents", "longPolling"];

/// The call of StartPush.
pub const START_PUSH: &str = r#"{"H":"koppeltaalhub","M":"StartPush","A":[],"I":0}"#;

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: header::HeaderMap,
    pub text: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Who calls, and where.
#[derive(Debug, Clone)]
pub struct Client {
    pub base: String,
    pub protocol: &'static str,
    pub http: reqwest::Client,
    pub authorization: Option<String>,
}

/// The `Authorization` of a user of the tests.
pub fn basic(user: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{PASSWORD}")))
}

impl Client {
    pub fn anyone(base: &str) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
        Self { base: base.to_owned(), protocol: "2.1", http, authorization: None }
    }

    pub fn new(app: &TestApp, user: &str) -> Self {
        Self { authorization: Some(basic(user)), ..Self::anyone(&app.server.public_url) }
    }

    pub fn at(&self, server: &Server) -> Self {
        Self { base: server.public_url.clone(), ..self.clone() }
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<String>) -> Answer {
        self.call_with(method, path, body, &[]).await
    }

    pub async fn call_with(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if let Some(body) = body {
            request =
                request.header("content-type", "application/x-www-form-urlencoded").body(body);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    /// Negotiates a connection.
    pub async fn negotiated(&self) -> Session {
        let path =
            format!("/signalr/negotiate?clientProtocol={}&connectionData={HUBS}", self.protocol);
        let answer = self.get(&path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let token = answer.json()["ConnectionToken"].as_str().unwrap().to_owned();
        Session { client: self.clone(), token }
    }
}

/// A connection that was negotiated.
#[derive(Debug, Clone)]
pub struct Session {
    pub client: Client,
    pub token: String,
}

impl Session {
    /// The path of a request about it.
    pub fn path(&self, endpoint: &str, transport: &str) -> String {
        format!(
            "/signalr/{endpoint}?transport={transport}&clientProtocol={}&connectionToken={}&connectionData={HUBS}",
            self.client.protocol, self.token
        )
    }

    /// The same connection at another server.
    pub fn at(&self, server: &Server) -> Self {
        Self { client: self.client.at(server), ..self.clone() }
    }

    /// Connects as clients do; `/start` is asked, too.
    pub async fn connect(&self, transport: &str) -> Connection {
        let mut connection = self.open("connect", transport, None).await;
        let first = connection.first().await;
        assert_eq!(first["S"], 1, "{first}");
        assert_eq!(first["M"], json!([]), "{first}");
        let started = self.client.get(&self.path("start", transport)).await;
        assert_eq!(started.json(), json!({"Response": "started"}));
        connection
    }

    /// Connects and calls StartPush.
    pub async fn started(&self, transport: &str) -> Connection {
        let mut connection = self.connect(transport).await;
        connection.start_push().await;
        connection
    }

    /// Connects again with the place that the client has.
    pub async fn reconnect(&self, transport: &str, place: &str) -> Connection {
        self.open("reconnect", transport, Some(place)).await
    }

    async fn open(&self, endpoint: &str, transport: &str, place: Option<&str>) -> Connection {
        let mut path = self.path(endpoint, transport);
        if let Some(place) = place.filter(|_| transport != "longPolling") {
            path += &format!("&messageId={place}");
        }
        let wire = match transport {
            "webSockets" => Wire::WebSocket(Box::new(self.web_socket(&path).await)),
            "serverSentEvents" => Wire::Events(self.events(&path).await),
            _ => Wire::Polls { reconnects: place.is_some() },
        };
        Connection { session: self.clone(), wire, place: place.map(str::to_owned) }
    }

    /// A WebSocket; the headers are those of a browser.
    pub async fn web_socket(&self, path: &str) -> WebSocketStream<TcpStream> {
        let address = self.client.base.strip_prefix("http://").unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let mut request = http::Request::get(format!("ws://{address}{path}"))
            .header("host", address)
            .header("upgrade", "websocket")
            .header("connection", "Upgrade")
            .header("connection", "keep-alive")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("sec-websocket-extensions", "permessage-deflate");
        if let Some(authorization) = &self.client.authorization {
            request = request.header("authorization", authorization);
        }
        let request = request.body(()).unwrap();
        tokio_tungstenite::client_async(request, stream).await.unwrap().0
    }

    async fn events(&self, path: &str) -> Events {
        let authorization = self.client.authorization.clone().unwrap_or_default();
        let http = reqwest::Client::new();
        let request = http.get(format!("{}{path}", self.client.base));
        let response = request.header("authorization", authorization).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut events = Events { response, text: String::new() };
        assert_eq!(events.next().await.as_deref(), Some("initialized"));
        events
    }

    /// Calls the hub by a request.
    pub async fn send(&self, transport: &str, call: &str) -> Answer {
        let body = format!("data={}", percent_encoded(call));
        self.client.call(Method::POST, &self.path("send", transport), Some(body)).await
    }
}

pub fn percent_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

enum Wire {
    WebSocket(Box<WebSocketStream<TcpStream>>),
    Events(Events),
    Polls { reconnects: bool },
}

/// A connection over any transport.
pub struct Connection {
    pub session: Session,
    wire: Wire,
    /// The message id of the last frame that had one.
    pub place: Option<String>,
}

impl Connection {
    fn transport(&self) -> &'static str {
        match self.wire {
            Wire::WebSocket(_) => "webSockets",
            Wire::Events(_) => "serverSentEvents",
            Wire::Polls { .. } => "longPolling",
        }
    }

    /// The first frame; of long polling the answer to `connect`.
    async fn first(&mut self) -> Value {
        if matches!(self.wire, Wire::Polls { .. }) {
            let path = self.session.path("connect", "longPolling");
            let answer = self.session.client.call(Method::POST, &path, Some(String::new())).await;
            return self.noted(answer.json());
        }
        self.frame().await
    }

    /// The next frame that is no keep-alive.
    #[track_caller]
    pub fn frame(&mut self) -> impl Future<Output = Value> {
        let what = std::panic::Location::caller();
        async move {
            let next = tokio::time::timeout(SOON, self.next()).await;
            next.unwrap_or_else(|_| panic!("no frame in time, {what}")).expect("not ended")
        }
    }

    /// The next frame that is no keep-alive; nothing at the end.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            let text = match &mut self.wire {
                Wire::WebSocket(socket) => match socket.next().await?.ok()? {
                    Message::Text(text) => text.to_string(),
                    Message::Close(_) => return None,
                    _ => continue,
                },
                Wire::Events(events) => events.next().await?,
                Wire::Polls { reconnects } => {
                    let endpoint = if std::mem::take(reconnects) { "reconnect" } else { "poll" };
                    let path = self.session.path(endpoint, "longPolling");
                    let place = self.place.clone().unwrap_or_default();
                    let body = format!("messageId={}", percent_encoded(&place));
                    let answer = self.session.client.call(Method::POST, &path, Some(body)).await;
                    assert_eq!(answer.status, 200, "{answer:?}");
                    answer.text
                }
            };
            if text != "{}" {
                let frame = serde_json::from_str(&text).expect(&text);
                return Some(self.noted(frame));
            }
        }
    }

    fn noted(&mut self, frame: Value) -> Value {
        if let Some(place) = frame["C"].as_str() {
            self.place = Some(place.to_owned());
        }
        frame
    }

    /// Waits until it is told NewMessage.
    #[track_caller]
    pub fn told(&mut self) -> impl Future<Output = ()> {
        let what = std::panic::Location::caller();
        async move {
            let told = async { while !is_new_message(&self.next().await.expect("not ended")) {} };
            let told = tokio::time::timeout(SOON, told).await;
            told.unwrap_or_else(|_| panic!("not told in time, {what}"));
        }
    }

    /// Calls the hub and gives what it answers.
    pub async fn call(&mut self, call: &str) -> Value {
        let Wire::WebSocket(socket) = &mut self.wire else {
            let answer = self.session.send(self.transport(), call).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            return answer.json();
        };
        socket.send(Message::text(call)).await.unwrap();
        loop {
            let frame = self.frame().await;
            if frame.get("C").is_none() {
                return frame;
            }
        }
    }

    /// Calls StartPush; waits until the client has been told that it did.
    pub async fn start_push(&mut self) {
        assert_eq!(self.call(START_PUSH).await, json!({"I": "0"}));
    }

    /// Waits for the place that says that StartPush was called.
    pub async fn placed(&mut self) {
        while self.place.as_deref().is_none_or(|place| !place.starts_with('p')) {
            self.frame().await;
        }
    }

    /// Everything told until the hub answers a call made now. Only of a WebSocket,
    /// where frames and answers keep their order.
    pub async fn told_by_now(&mut self) -> usize {
        let Wire::WebSocket(socket) = &mut self.wire else { panic!("only of a WebSocket") };
        socket.send(Message::text(r#"{"H":"koppeltaalhub","M":"x","I":"now"}"#)).await.unwrap();
        let mut told = 0;
        loop {
            let frame = self.frame().await;
            if frame["I"] == "now" {
                return told;
            }
            told += usize::from(is_new_message(&frame));
        }
    }

    /// Sends a message of a WebSocket as it is.
    pub async fn raw(&mut self, message: Message) {
        let Wire::WebSocket(socket) = &mut self.wire else { panic!("only of a WebSocket") };
        // It may be cut off while it speaks.
        let _ = socket.send(message).await;
    }

    /// Why the server closes a WebSocket.
    pub async fn close_code(&mut self) -> Option<CloseCode> {
        let Wire::WebSocket(socket) = &mut self.wire else { panic!("only of a WebSocket") };
        let closed = async {
            loop {
                match socket.next().await {
                    Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return None,
                }
            }
        };
        tokio::time::timeout(SOON, closed).await.expect("closed in time")
    }

    /// Waits for the end of the connection.
    pub async fn ended(&mut self) {
        let ended = async { while self.next().await.is_some() {} };
        tokio::time::timeout(SOON, ended).await.expect("ended in time");
    }
}

pub fn is_new_message(frame: &Value) -> bool {
    frame["M"] == json!([{"H": "KoppeltaalHub", "M": "NewMessage", "A": []}])
}

/// A stream of Server-Sent Events.
struct Events {
    response: reqwest::Response,
    text: String,
}

impl Events {
    /// The data of the next event.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let data = event.strip_prefix("data: ").expect(event).to_owned();
                self.text = rest.to_owned();
                return Some(data);
            }
            let chunk = self.response.chunk().await.ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}
