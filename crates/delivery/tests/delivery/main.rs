//! The delivery against endpoints of every temper. Time is moved by the test;
//! nothing here waits for a retry.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod addresses;
mod days;
mod hook;
mod isolation;
mod lane_end;
mod lane_processes;
mod lanes;
mod order;
mod request;
mod rest_hook;
mod restart;
mod retries;
mod transmitted;
mod world;
