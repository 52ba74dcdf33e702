//! Real clients of the FHIR service of Koppeltaal 2.0 against the real program, all
//! unmodified: HAPI FHIR's Java clients (generic and annotated), npm `fhir-kit-client`
//! and the SDK of PyPI (`kt2`). HAPI's instance validator judges what we serve.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says why"
)]

mod bodies;
mod hapi;
mod judge;
mod kit;
mod place;
#[path = "../hooks/receiver.rs"]
#[expect(dead_code, reason = "the tests of subscriptions need more of it")]
mod receiver;
mod run;
mod sdk;
mod steps;
#[path = "../process/world/mod.rs"]
#[expect(dead_code, unused_imports, reason = "other tests of the process use the rest")]
mod world;
