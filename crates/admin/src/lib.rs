//! Administration: the provisioning file, what operators and administrators do
//! (the command line and the API call the same functions), and the
//! administration API.

pub mod api;
pub mod desk;
pub mod names;
pub mod operate;
pub mod page;
pub mod provision;
pub mod role;
mod seen;
pub mod toml_lines;
