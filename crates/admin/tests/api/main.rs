//! The administration API, asked in process on both engines.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accounts;
mod conform;
mod directory;
mod openapi;
mod oracle;
mod requests;
mod rights;
mod session;
mod world;
