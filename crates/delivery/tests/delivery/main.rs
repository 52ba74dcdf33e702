//! The delivery against endpoints of every temper. Time is moved by the test;
//! nothing here waits for a retry.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod addresses;
mod hook;
mod isolation;
mod request;
mod restart;
mod retries;
mod world;
