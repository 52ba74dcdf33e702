//! The WebSocket transport (RFC 6455): frames of the server, and calls of the client
//! on the same connection. Whoever sends too much, or nothing that can be understood,
//! is cut off; whoever reads nothing is cut off by the connection below.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::{Either, Full};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::Error;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

use super::frame::{self, Body};
use super::invoke::{self, Call};
use super::registry::Present;
use super::speaker::{Next, Speaker};
use super::waiting;
use crate::answer::Refusal;
use crate::app::App;

/// How long the connection may take to change its protocol, and to close.
const PATIENCE: Duration = Duration::from_secs(5);

/// Keep-alives after which a client that sent nothing at all, not even an answer to a
/// ping, is gone.
const SILENT: u32 = 6;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Small buffers: ten thousand connections are idle at once.
fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(512)
        .write_buffer_size(0)
        .max_write_buffer_size(64 * 1024)
        .max_frame_size(Some(invoke::LONGEST))
        .max_message_size(Some(invoke::LONGEST))
}

/// The key of a request that asks for a WebSocket.
pub(super) fn key(headers: &HeaderMap) -> Result<HeaderValue, Refusal> {
    let names = |name, wanted: &str| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|v| v.trim().eq_ignore_ascii_case(wanted))
    };
    if !names(CONNECTION, "upgrade") || !names(UPGRADE, "websocket") {
        return Err(Refusal::bad_request(
            "value",
            "The transport webSockets needs a request that upgrades to a WebSocket.",
        ));
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(Refusal::bad_request("value", "Sec-WebSocket-Version must be 13."));
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|key| key.len() == 24);
    key.cloned().ok_or_else(|| Refusal::bad_request("value", "Sec-WebSocket-Key is no key."))
}

/// Changes the protocol; the connection goes on by itself.
pub(super) fn open(
    app: App,
    key: &HeaderValue,
    upgrade: OnUpgrade,
    present: Present,
    is_new: bool,
) -> Response<Body> {
    tokio::spawn(async move {
        if let Ok(Ok(upgraded)) = timeout(PATIENCE, upgrade).await {
            let io = TokioIo::new(upgraded);
            let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config())).await;
            serve(app, socket, present, is_new).await;
        }
    });
    let mut response = Response::new(Either::Left(Full::default()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::try_from(derive_accept_key(key.as_bytes())) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

async fn serve(app: App, mut socket: Socket, present: Present, is_new: bool) {
    let mut speaker = Speaker::new(app.clone(), present.live.clone());
    let close = match talk(&app, &mut socket, &mut speaker, is_new).await {
        Ok(close) => Some(close),
        Err(Error::Capacity(_)) => Some((CloseCode::Size, "too long")),
        Err(Error::Protocol(_)) => Some((CloseCode::Protocol, "no WebSocket")),
        Err(Error::Utf8(_)) => Some((CloseCode::Invalid, "no UTF-8")),
        // It is gone.
        Err(_) => None,
    };
    drop(present);
    if let Some((code, reason)) = close {
        let close = CloseFrame { code, reason: reason.into() };
        let ended = async {
            if socket.close(Some(close)).await.is_ok() {
                // Until the client has closed as well.
                while let Some(Ok(_)) = socket.next().await {}
            }
        };
        // Either way it ends here.
        let _ = timeout(PATIENCE, ended).await;
    }
}

async fn talk(
    app: &App,
    socket: &mut Socket,
    speaker: &mut Speaker,
    is_new: bool,
) -> Result<(CloseCode, &'static str), Error> {
    let cursor = speaker.cursor();
    let first = if is_new { frame::first(cursor) } else { frame::place(cursor) };
    socket.send(Message::text(first)).await?;
    let silent = app.hub.settings.keep_alive * SILENT;
    let mut heard = Instant::now();
    loop {
        let now = Instant::now();
        let until = match speaker.next(now) {
            Next::Say(frame) => {
                socket.send(Message::text(frame)).await?;
                continue;
            }
            Next::KeepAlive if now - heard > silent => return Ok((CloseCode::Away, "silent")),
            Next::KeepAlive => {
                socket.feed(Message::text(frame::KEEP_ALIVE)).await?;
                // Pages cannot answer the keep-alive of the protocol; browsers answer this.
                socket.send(Message::Ping(Default::default())).await?;
                continue;
            }
            Next::End => return Ok((CloseCode::Away, "")),
            Next::Wait(until) => until,
        };
        tokio::select! {
            message = socket.next() => {
                let Some(message) = message else { return Err(Error::ConnectionClosed) };
                heard = Instant::now();
                match message? {
                    Message::Text(text) => match called(app, speaker, &text).await {
                        Some(answer) => socket.send(Message::text(answer)).await?,
                        None => return Ok((CloseCode::Invalid, "no call of a hub")),
                    },
                    Message::Binary(_) => return Ok((CloseCode::Unsupported, "no text")),
                    // The answer to it is sent with the next flush.
                    Message::Close(_) => return Ok((CloseCode::Normal, "")),
                    _ => socket.flush().await?,
                }
            }
            () = speaker.live().changed() => {}
            () = sleep_until(until) => {}
        }
    }
}

/// Does what a client calls; `None` when it is no call.
async fn called(app: &App, speaker: &Speaker, text: &str) -> Option<String> {
    let call = Call::parse(text)?;
    let live = speaker.live();
    if app.parts.limit.check(live.instance()).is_err() {
        return Some(call.answer(Some("This application instance calls too often; wait.")));
    }
    if call.is_start() {
        live.start();
        waiting::look(app, live).await;
    }
    Some(call.answer(None))
}
