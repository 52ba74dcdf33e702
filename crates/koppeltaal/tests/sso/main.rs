//! Single sign-on of Koppeltaal 1.3: launches, codes, tokens, and the mailbox with an
//! access token; whole servers on both engines, spoken to over HTTP. Numbers such as
//! T11 are those of the table of cases that the server is built against.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
#[macro_use]
#[expect(dead_code, reason = "the tests of the mailbox need more of it")]
mod support;

mod activation;
mod authorize;
mod bad_input;
mod bearer;
mod browser_game;
mod cast;
mod connector;
mod endings;
mod launch;
mod mailbox;
mod pkce;
mod processes;
mod recorded;
mod refresh;
#[path = "../kt1/storage.rs"]
#[expect(dead_code, reason = "the tests of providers need more of it")]
mod storage;
mod storage_item;
mod token;
mod wire;
