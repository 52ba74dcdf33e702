//! The audit trail: its events, its months, its seals.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod events;
#[path = "../search/explained.rs"]
mod explained;
mod log;
mod months;
mod plans;
mod seals;
mod world;
