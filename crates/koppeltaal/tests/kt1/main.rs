//! Koppeltaal 1.3 as its applications see it: whole servers on both engines,
//! spoken to over HTTP. Numbers such as T11 are those of the table of cases that
//! the server is built against.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod access;
mod audit;
mod bad_input;
mod browse;
mod claim;
mod content;
mod definitions;
mod envelope;
mod erase;
mod isolation;
mod metadata;
mod post;
mod read;
mod retention;
mod status;
mod storage;
mod storage_item;
mod storage_limits;
mod storage_proxy;
mod storage_search;
mod superseding;
mod versions;
mod webhook;
mod workers;
