//! Domain: a care organisation. It is made by a DomainRequest.

use koppeltaal_core::directory::{Directory, StorageKind};

use super::super::declaration::{
    Attribute, Declaration, Kind, Operations, Relationship, Rule, Who,
};
use super::super::resource::{Owner, Resource};
use super::request::PHASES;

/// The type.
pub static DECLARATION: Declaration = Declaration {
    name: "Domain",
    attributes: &[
        Attribute::text("Name", 64).read_only(),
        Attribute::text("StorageService", 20).read_only(),
        Attribute::new("DtapPhase", Kind::Word(PHASES)).read_only(),
        Attribute::new("IsActive", Kind::Flag).read_only(),
    ],
    relationships: &[Relationship::one("Server", "Server", Rule::ReadOnly)],
    operations: Operations::read_only(Who::Every),
};

/// Every domain. Administrators of applications see what they can ask to be
/// connected with.
pub fn all(directory: &Directory) -> Vec<Resource> {
    directory
        .domains()
        .iter()
        .map(|domain| {
            let owner = Owner {
                domains: vec![domain.name.clone()],
                offered: domain.active,
                ..Owner::default()
            };
            let storage = domain.storage.as_ref().map(|storage| match storage.kind {
                StorageKind::BuiltIn => "built-in",
                StorageKind::Proxy => "proxy",
            });
            let stamp = directory.stamps.domains.get(&domain.number).copied();
            Resource::new(&DECLARATION, domain.number, owner)
                .version(stamp.unwrap_or_default())
                .with("Name", domain.name.as_str())
                .with("StorageService", storage)
                .with("DtapPhase", super::request::phase_word(domain.phase))
                .with("IsActive", domain.active)
                .to("Server", super::server::ID)
        })
        .collect()
}
