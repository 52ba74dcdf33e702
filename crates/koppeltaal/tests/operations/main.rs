//! What operators do with the program: its commands on a real store while it
//! serves, its start-up, health, metrics, logs, and the documents about them.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod administrators;
mod audit;
mod backup;
mod demo;
mod doctor;
mod documents;
mod hook;
mod log;
mod messages;
mod metrics;
mod notifications;
mod removal;
mod serve;
mod world;
