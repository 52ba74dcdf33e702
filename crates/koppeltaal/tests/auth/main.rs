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
mod metrics;
mod public_keys;
mod recorded;
mod replay;
mod request;
mod revoke;
mod rights;
mod signing_keys;
mod throttle;
mod token;

mod authorize_audit;
mod authorize_callback;
mod authorize_cast;
mod authorize_code;
mod authorize_failure;
mod authorize_flow;
mod authorize_launch_token;
mod authorize_launch_use;
mod authorize_limits;
mod authorize_log;
mod authorize_page;
mod authorize_refusals;
mod authorize_request;
mod authorize_servers;
mod authorize_token;
mod authorize_user;
mod authorize_world;
mod provider;
mod provider_answers;
mod provider_choice;
mod provider_sign_in;
