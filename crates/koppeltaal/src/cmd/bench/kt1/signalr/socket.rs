//! A SignalR connection over a WebSocket, as a client makes one: negotiate, connect,
//! StartPush.

use std::rc::Rc;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue, Method, Request};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::round::Round;
use crate::cmd::bench::load::{Connection, Target};

const HUBS: &str = "clientProtocol=2.1&connectionData=%5B%7B%22name%22%3A%22koppeltaalhub%22%7D%5D";
const START_PUSH: &str = r#"{"H":"koppeltaalhub","M":"StartPush","A":[],"I":0}"#;

/// A connection that has called StartPush.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens a connection for an instance.
    pub async fn open(target: &Target, authorization: HeaderValue) -> Result<Self> {
        let mut connection =
            Connection::new(target, Some(authorization.clone()), &HeaderMap::new());
        let uri = target.uri(&format!("/signalr/negotiate?{HUBS}"))?;
        let answer = connection.send(Method::GET, uri, Bytes::new()).await;
        let (status, body) = answer.map_err(anyhow::Error::msg).context("negotiate")?;
        ensure!(status == 200, "negotiate was answered with {status}");
        drop(connection);
        let said: serde_json::Value = serde_json::from_slice(&body)?;
        let token = said["ConnectionToken"].as_str().context("no ConnectionToken")?;
        let path = format!("/signalr/connect?transport=webSockets&connectionToken={token}&{HUBS}");
        let request = Request::get(format!("ws://{}{}", target.address(), target.uri(&path)?))
            .header("host", target.address())
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("authorization", authorization)
            .body(())?;
        let stream = TcpStream::connect(target.address()).await?;
        stream.set_nodelay(true)?;
        // As small as on the other side: thousands are opened.
        let config = WebSocketConfig::default().read_buffer_size(512).write_buffer_size(0);
        let (mut socket, _) = client_async_with_config(request, stream, Some(config)).await?;
        socket.send(Message::text(START_PUSH)).await?;
        loop {
            let frame = socket.next().await.context("closed at once")??;
            if matches!(&frame, Message::Text(text) if text.contains("\"I\":\"0\"")) {
                return Ok(Self(socket));
            }
        }
    }

    /// Notes what it is told until it ends, as this number if it is one of those that
    /// count.
    pub async fn listen(mut self, round: Rc<Round>, number: Option<usize>) {
        round.count(true);
        while let Some(Ok(frame)) = self.0.next().await {
            match (&frame, number) {
                (Message::Text(text), Some(number)) if text.contains("NewMessage") => {
                    round.told(number);
                }
                _ => {}
            }
        }
        round.count(false);
    }
}
