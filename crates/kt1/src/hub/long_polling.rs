//! The long polling transport: each answer is one frame, given when there is something
//! to say. Between two polls a connection is nowhere; the message id that the client
//! sends with each of them says what it knows, so any process can take the next one.

use http::Response;
use tokio::time::{Instant, sleep_until};

use super::cursor::Cursor;
use super::frame::{self, Body};
use super::registry::Present;
use super::waiting;
use crate::answer::Refusal;
use crate::app::App;

/// Answers the request that connects.
pub(super) fn connect(started: bool) -> Response<Body> {
    frame::json(frame::first(Cursor { started, told: None }))
}

/// Holds a poll until there is something to say.
pub(super) async fn poll(
    app: &App,
    present: Present,
    cursor: Cursor,
    reconnects: bool,
) -> Result<Response<Body>, Refusal> {
    let live = &present.live;
    let expires = live.caller.until.map(|until| Instant::now() + until.since(app.now()));
    let held = Instant::now() + app.hub.settings.poll();
    let until = expires.map_or(held, |expires| expires.min(held));
    let mut first = true;
    loop {
        let place = Cursor { started: live.is_started(), ..cursor };
        if place.started && (first || live.is_waiting()) {
            // What arrives after the look wakes it again.
            live.told();
            let newest = waiting::newest(app, &live.caller).await?;
            if newest.is_some() && (newest != cursor.told || (first && reconnects)) {
                app.metrics().hub_told();
                let cursor = Cursor { started: true, told: newest };
                return Ok(frame::json(frame::new_message(cursor)));
            }
        }
        first = false;
        if live.is_over() {
            return Ok(frame::json(frame::reconnect(place)));
        }
        // The client learns that it has called StartPush.
        if place.started != cursor.started {
            return Ok(frame::json(frame::place(place)));
        }
        tokio::select! {
            () = live.changed() => {}
            () = sleep_until(until) => return Ok(frame::json(frame::place(place))),
        }
    }
}
