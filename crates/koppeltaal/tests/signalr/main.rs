//! Live notifications: classic SignalR below `/signalr`, spoken raw over every
//! transport and version of the protocol on both engines, and by the real clients:
//! npm `signalr` with jQuery in Chromium, and `signalr-client-threads` of PyPI.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
#[macro_use]
#[expect(dead_code, reason = "tests of the mailbox need the rest")]
mod support;

mod access;
mod bearer;
mod browser;
#[path = "../sso/cast.rs"]
#[expect(dead_code, reason = "tests of single sign-on need the rest")]
mod cast;
mod client;
mod end;
mod garbage;
mod negotiate;
mod python;
mod reconnect;
mod servers;
mod slow;
mod transports;
