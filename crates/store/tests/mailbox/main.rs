//! The mailbox, ActivityDefinitions and the audit trail on both engines: every
//! statement is run, and every closure that reads before it writes is raced.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accept;
mod audit;
mod browse;
mod claim;
mod definition;
mod erase;
#[path = "../search/explained.rs"]
mod explained;
mod newest;
mod retention;
mod sent;
mod status;
mod world;
