//! Real clients of Koppeltaal 2.0 against the real program, all unmodified: npm
//! `fhirclient` in Chromium launches a module from discovery alone, with a real OpenID
//! provider (npm `oidc-provider`); npm `fhir-kit-client` and the SDK of PyPI (`kt2`)
//! get and use tokens.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod child;
mod kit;
mod launch;
mod refused_launch;
mod report;
mod sdk;
mod server;
mod world;
