//! The FHIR service of Koppeltaal 2.0 as applications see it: whole servers on both
//! engines, spoken to over HTTP with real tokens. One file per subject.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
#[macro_use]
#[expect(dead_code, reason = "Koppeltaal 1.3 needs more of it")]
mod support;

mod cast;
mod client;
mod reply;
mod resources;
mod world;

mod create;
mod delete;
mod read;
mod update;
mod vread;
