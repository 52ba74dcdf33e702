//! The Server-Sent Events transport: one answer that does not end. What a client
//! calls comes by requests of its own (`send`).

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use http::{HeaderValue, Response, header};
use http_body::Frame;
use http_body_util::{Either, StreamBody};
use tokio::time::{Instant, sleep_until};

use super::frame::{self, Body};
use super::registry::Present;
use super::speaker::{Next, Speaker};
use crate::app::App;

/// The comment-free beginning that every client waits for.
const BEGIN: &str = "data: initialized\n\n";

/// Answers with the stream of a connection.
pub(super) fn open(app: App, present: Present, is_new: bool) -> Response<Body> {
    let speaker = Speaker::new(app, present.live.clone());
    let cursor = speaker.cursor();
    let first = if is_new { frame::first(cursor) } else { frame::place(cursor) };
    let begin = format!("{BEGIN}data: {first}\n\n");
    let events = events(begin, speaker, present);
    let mut response = Response::new(Either::Right(StreamBody::new(Box::pin(events) as _)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
    // A reverse proxy that collects answers would hold the events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn events(
    begin: String,
    speaker: Speaker,
    present: Present,
) -> impl Stream<Item = Result<Frame<Bytes>, Infallible>> {
    unfold((Some(begin), speaker, present), async |(mut begin, mut speaker, present)| {
        if let Some(begin) = begin.take() {
            return Some((event(begin), (None, speaker, present)));
        }
        loop {
            match speaker.next(Instant::now()) {
                Next::Say(frame) => {
                    return Some((event(format!("data: {frame}\n\n")), (None, speaker, present)));
                }
                Next::KeepAlive => {
                    let alive = format!("data: {}\n\n", frame::KEEP_ALIVE);
                    return Some((event(alive), (None, speaker, present)));
                }
                Next::End => return None,
                Next::Wait(until) => tokio::select! {
                    () = speaker.live().changed() => {}
                    () = sleep_until(until) => {}
                },
            }
        }
    })
}

fn event(text: String) -> Result<Frame<Bytes>, Infallible> {
    Ok(Frame::data(Bytes::from(text)))
}
