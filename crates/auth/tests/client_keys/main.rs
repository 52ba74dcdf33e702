//! The public keys of instances, fetched from a publisher that counts, waits, moves
//! and breaks down (kt2-auth 1.4, T020-2).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod fetched;
mod many;
mod outage;
mod publisher;
mod rules;
mod withdrawn;
mod world;
