//! The FHIR service of Koppeltaal 2.0 as applications see it: whole servers on both
//! engines, spoken to over HTTP with real tokens. One file per subject.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
#[macro_use]
#[expect(dead_code, reason = "Koppeltaal 1.3 needs more of it")]
mod support;

mod cast;
mod client;
mod notified;
mod reply;
mod resources;
mod world;

mod audit_event;
mod audit_event_search;
mod audited;
mod audited_all;
mod audited_refusals;
mod audited_trail;
mod capabilities;
mod cascade;
mod conformance;
mod create;
mod delete;
mod directory_devices;
mod errors;
mod filled;
mod filled_other;
mod filled_things;
mod formats;
mod found;
mod guide;
mod integrity;
mod log;
mod negotiation;
mod prefer;
mod read;
mod refusals;
mod search_addresses;
mod search_chains;
mod search_hostile;
mod search_koppeltaal;
mod search_parameters;
mod search_ranges;
mod search_requests;
mod search_values;
mod shelf;
mod subscription;
mod subscription_failed;
mod subscription_import;
mod subscription_matching;
mod subscription_owner;
mod subscription_processes;
mod subscription_search;
mod subtask;
mod trace;
mod update;
mod validate;
mod validate_writes;
mod vread;

mod bundles;
mod chance;
mod history;
mod history_of_type;
mod includes;
mod includes_access;
mod paging;
mod paging_changes;
mod paths;
mod sorting;

mod access_domains;
mod access_random;
mod access_routes;
mod access_search;
mod concurrency;
mod questions;
mod routes;
mod twins;
