//! Server: this installation, and which version it runs.

use super::super::ask::Ask;
use super::super::declaration::{Attribute, Declaration, Operations, Who};
use super::super::resource::{Owner, Resource};

/// The one id there is.
pub const ID: &str = "1";

/// The type.
pub static DECLARATION: Declaration = Declaration {
    name: "Server",
    attributes: &[
        Attribute::text("Name", 100).read_only(),
        Attribute::text("Version", 40).read_only(),
        Attribute::text("KoppeltaalVersion", 20).read_only(),
    ],
    relationships: &[],
    operations: Operations::read_only(Who::Every),
};

/// This server.
pub fn all(ask: &Ask<'_>) -> Vec<Resource> {
    let owner = Owner { common: true, ..Owner::default() };
    vec![
        Resource::new(&DECLARATION, ID, owner)
            .with("Name", ask.inner().server_name())
            .with("Version", ask.inner().parts.version)
            .with("KoppeltaalVersion", crate::metadata::PROTOCOL_VERSION),
    ]
}
