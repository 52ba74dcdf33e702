//! The program as operators have it: processes that start, stop, share a store,
//! run out of disk, and are treated badly by their clients.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says why"
)]

mod disk_full;
mod drain;
mod durability;
mod many_connections;
mod passwords;
mod refusals;
mod slow_clients;
mod start;
mod tls;
mod two_servers;
mod world;
