//! What an open connection says next, and when, whatever its transport: that something
//! waits, where the client is now, or that the connection lives.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::cursor::Cursor;
use super::frame;
use super::live::Live;
use crate::app::App;

/// How much of a pause each open connection of the process puts between two messages
/// of the same connection: with very many of them the process does not spend itself on
/// telling again what each of them has just been told.
const PAUSE: Duration = Duration::from_micros(40);

/// What a connection does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Says this.
    Say(String),
    /// Shows that it lives.
    KeepAlive,
    /// Waits for a change, until then at most.
    Wait(Instant),
    /// Ends.
    End,
}

/// The voice of a connection.
pub(super) struct Speaker {
    app: App,
    live: Arc<Live>,
    /// Whether the client has a message id that says that it was started.
    shown_started: bool,
    /// Before this it is not told again.
    again_at: Instant,
    keep_alive_at: Instant,
    until: Option<Instant>,
}

impl Speaker {
    pub(super) fn new(app: App, live: Arc<Live>) -> Self {
        let now = Instant::now();
        let until = live.caller.until.map(|until| now + until.since(app.now()));
        let keep_alive_at = now + app.hub.settings.keep_alive;
        Self { shown_started: live.is_started(), live, app, again_at: now, keep_alive_at, until }
    }

    pub(super) fn live(&self) -> &Arc<Live> {
        &self.live
    }

    /// Where the client is.
    pub(super) fn cursor(&self) -> Cursor {
        Cursor { started: self.live.is_started(), told: None }
    }

    /// What is to be done at this moment.
    pub(super) fn next(&mut self, now: Instant) -> Next {
        if self.live.is_over() || self.until.is_some_and(|until| until <= now) {
            return Next::End;
        }
        let waiting = self.live.is_waiting();
        if waiting && self.again_at <= now {
            self.live.told();
            let others = u32::try_from(self.app.hub.connections()).unwrap_or(u32::MAX);
            self.again_at = now + PAUSE * others;
            self.app.metrics().hub_told();
            return self.say(now, frame::new_message(self.cursor()));
        }
        if self.live.is_started() && !self.shown_started {
            return self.say(now, frame::place(self.cursor()));
        }
        if self.keep_alive_at <= now {
            self.keep_alive_at = now + self.app.hub.settings.keep_alive;
            return Next::KeepAlive;
        }
        let again = waiting.then_some(self.again_at);
        let wait = again.into_iter().chain(self.until).fold(self.keep_alive_at, Instant::min);
        Next::Wait(wait)
    }

    fn say(&mut self, now: Instant, frame: String) -> Next {
        self.shown_started = self.live.is_started();
        self.keep_alive_at = now + self.app.hub.settings.keep_alive;
        Next::Say(frame)
    }
}
