//! The Support API as administrators see it: whole servers on both engines, spoken
//! to over HTTP in JSON:API. Numbers such as T42 are those of the table of cases that
//! the server is built against.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![expect(dead_code, reason = "the support of the tests is shared by all of them")]

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod access;
mod authorization;
mod definitions;
mod lists;
mod logs;
mod messages;
mod negotiation;
mod requests;
mod rights;
mod world;
mod writes;
