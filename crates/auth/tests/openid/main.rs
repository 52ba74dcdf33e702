//! Logins at identity providers of every temper: what must be believed, and what
//! must not. The provider of these tests speaks HTTP on loopback and does as the
//! test tells it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod endpoints;
mod key_pair;
mod login;
mod provider;
mod published;
mod token;
mod username;
mod world;
