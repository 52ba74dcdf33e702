//! What is sent to clients: persistent responses, and the body of an answer, whole or
//! as a stream.

use std::convert::Infallible;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{Either, Full, StreamBody};

use super::NAME;
use super::cursor::Cursor;

/// A stream of events.
type Events = StreamBody<Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Infallible>> + Send>>>;

/// The body of an answer of the hub.
pub type Body = Either<Full<Bytes>, Events>;

/// What a connection is told when nothing else was said for a while.
pub(super) const KEEP_ALIVE: &str = "{}";

/// The first frame of a connection.
pub(super) fn first(cursor: Cursor) -> String {
    format!("{{\"C\":\"{cursor}\",\"S\":1,\"M\":[]}}")
}

/// A frame without message: the place of the client.
pub(super) fn place(cursor: Cursor) -> String {
    format!("{{\"C\":\"{cursor}\",\"M\":[]}}")
}

/// The frame that says that something waits.
pub(super) fn new_message(cursor: Cursor) -> String {
    format!("{{\"C\":\"{cursor}\",\"M\":[{{\"H\":\"{NAME}\",\"M\":\"NewMessage\",\"A\":[]}}]}}")
}

/// The answer to a poll that cannot be held any longer: reconnect.
pub(super) fn reconnect(cursor: Cursor) -> String {
    format!("{{\"C\":\"{cursor}\",\"M\":[],\"T\":1}}")
}

/// A JSON answer.
pub(super) fn json(text: impl Into<Bytes>) -> Response<Body> {
    whole("application/json; charset=UTF-8", text.into())
}

/// An answer in one piece.
pub(super) fn whole(content_type: &'static str, text: Bytes) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(text)));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
