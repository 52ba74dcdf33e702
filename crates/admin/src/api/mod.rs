//! The administration API, `/admin/api/v1/…`: JSON under the names of the
//! provisioning file, errors as problem+json (RFC 9457). One table (`table.rs`)
//! says which operations there are; requests are led by it, and the OpenAPI
//! document is made of it.

mod administrators;
mod answer;
mod app;
mod asked;
mod audit;
mod directory;
mod forms;
mod handle;
mod instances;
mod invitation;
mod keys;
mod mails;
mod messages;
mod notifications;
mod openapi;
mod put;
mod removal;
mod rights_given;
mod roles;
mod route;
mod schema;
mod session;
mod table;
mod theirs;
mod tokens;

pub use app::{App, Parts};
pub use handle::{PREFIX, handle, is_api_path};
pub use openapi::document;
pub use route::{Route, Who};
pub use schema::Schema;
pub use table::ROUTES;
