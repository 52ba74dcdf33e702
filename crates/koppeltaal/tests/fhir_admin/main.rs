//! What operators do with the resources of Koppeltaal 2.0: the commands on a real
//! store, on both engines.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "../operations/world.rs"]
#[macro_use]
#[expect(dead_code, reason = "messages need more of it")]
mod world;

mod ground;
mod samples;

mod beside_server;
mod erase;
mod erase_limits;
mod export_import;
mod import_refusals;
mod install;
mod look;
mod reindex;
mod search_parameter;
