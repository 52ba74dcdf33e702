//! Subscriptions as applications live with them: whole servers on both engines, a subscriber's
//! endpoint that answers, fails and hangs on command, and what the trail tells of it afterwards.
//! One file per subject.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "../fhir/cast.rs"]
mod cast;
#[path = "../fhir/client.rs"]
#[expect(dead_code, reason = "the tests of the FHIR service need more of it")]
mod client;
#[path = "../fhir/reply.rs"]
#[expect(dead_code, reason = "the tests of the FHIR service need more of it")]
mod reply;
#[path = "../fhir/resources.rs"]
#[expect(dead_code, reason = "the tests of the FHIR service need more of it")]
mod resources;
#[path = "../support/mod.rs"]
#[macro_use]
#[expect(dead_code, reason = "Koppeltaal 1.3 needs more of it")]
mod support;
#[path = "../fhir/world.rs"]
#[expect(dead_code, reason = "the tests of the FHIR service need more of it")]
mod world;

mod kit;
mod receiver;

mod attempts;
mod ends;
mod failure;
mod guide;
mod matching;
mod request;
mod trace;
mod transmit;
