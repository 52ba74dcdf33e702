//! Crashes: senders and claimers are at work, the server is killed in the middle,
//! started again on the same store, and in the end everything that was answered
//! is as it was answered.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says why"
)]

mod chance;
mod claimers;
mod hooks;
mod hooks_account;
mod ledger;
#[path = "../hooks/receiver.rs"]
#[expect(dead_code, reason = "the tests of subscriptions need more of it")]
mod receiver;
mod resources;
mod rounds;
mod senders;
mod verdict;
#[path = "../process/world/mod.rs"]
#[expect(dead_code, unused_imports, reason = "other tests of the process use the rest")]
mod world;

use crate::rounds::Plan;
use crate::world::Engine;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_on_sqlite_has_lost_nothing_that_it_answered() {
    rounds::run(Plan { engine: Engine::Sqlite, servers: 1, rounds: 8 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_on_postgres_has_lost_nothing_that_it_answered() {
    rounds::run(Plan { engine: Engine::Postgres, servers: 1, rounds: 8 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_servers_is_killed_and_the_other_goes_on() {
    rounds::run(Plan { engine: Engine::Postgres, servers: 2, rounds: 5 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_on_sqlite_has_lost_no_resource_that_it_answered() {
    resources::run(Engine::Sqlite, 1, 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_on_postgres_has_lost_no_resource_that_it_answered() {
    resources::run(Engine::Postgres, 1, 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_that_write_resources_one_is_killed() {
    resources::run(Engine::Postgres, 2, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_on_sqlite_tells_of_every_write_that_it_answered() {
    hooks::run(Engine::Sqlite, 1, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_on_postgres_tells_of_every_write_that_it_answered() {
    hooks::run(Engine::Postgres, 1, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_that_tell_of_writes_one_is_killed() {
    hooks::run(Engine::Postgres, 2, 6).await;
}
