//! The authorization service of Koppeltaal 2.0 as its clients see it: whole servers
//! on both engines, spoken to over HTTP, with a clock that the tests move.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
#[macro_use]
#[expect(dead_code, reason = "Koppeltaal 1.3 needs more of it")]
mod support;

mod caller;
mod cast;
mod jws;
mod world;

mod assertion;
mod bearer;
mod discovery;
mod introspect;
mod isolation;
mod launch_token;
mod login_event;
mod public_keys;
mod replay;
mod request;
mod revoke;
mod rights;
mod signing_keys;
mod throttle;
mod token;
