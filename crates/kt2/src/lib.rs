//! Koppeltaal 2.0 over HTTP: the FHIR face, one file per interaction.

mod access;
mod answer;
mod app;
mod authorize;
mod body;
mod bundle;
mod call;
mod capabilities;
mod catalog;
mod conformance;
mod content;
mod create;
mod delete;
mod history;
mod if_match;
mod include;
mod interaction;
mod kind;
mod matches;
mod negotiate;
// pub mod operate; // lead: enable when it compiles
mod origin;
mod outcome;
mod page_link;
mod publication;
mod query;
mod query_string;
mod read;
mod record;
mod reply;
mod routes;
mod rules;
mod search;
mod shape;
mod targets;
mod update;
mod validate;
mod vread;

pub use app::{App, Parts};
pub use catalog::{Catalog, Catalogs};
pub use interaction::serves;
pub use routes::handle;
