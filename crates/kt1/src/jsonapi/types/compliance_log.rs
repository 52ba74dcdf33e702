//! ComplianceLog: what instances do that version 1.3.5 does not allow; never
//! removed.

use koppeltaal_store::compliance;

use super::super::ask::Ask;
use super::super::declaration::{
    Attribute, Declaration, Kind, Operations, Relationship, Rule, Who,
};
use super::super::failure::Failure;
use super::super::resource::{Owner, Resource};
use super::narrow;

/// The type.
pub static DECLARATION: Declaration = Declaration {
    name: "ComplianceLog",
    attributes: &[
        Attribute::text("Finding", 500).read_only(),
        Attribute::new("Times", Kind::Number).read_only(),
        Attribute::new("FirstSeen", Kind::Time).read_only(),
        Attribute::new("LastSeen", Kind::Time).read_only(),
        Attribute::text("LastRequestId", 64).read_only(),
    ],
    relationships: &[
        Relationship::one("Domain", "Domain", Rule::ReadOnly),
        Relationship::one("ApplicationInstance", "ApplicationInstance", Rule::ReadOnly),
    ],
    operations: Operations::read_only(Who::Every),
};

/// Every finding in the domains with something of the caller's.
pub async fn all(ask: &Ask<'_>) -> Result<Vec<Resource>, Failure> {
    let mut all = Vec::new();
    for domain in narrow::domains(ask) {
        let scope = ask.inner().store().scope(&domain);
        for row in scope.read(compliance::list).await? {
            let Some(connected) = ask.directory.instance(row.instance) else { continue };
            let owner = Owner::instance(&domain.name, &connected.application.id);
            all.push(
                Resource::new(&DECLARATION, row.id, owner)
                    .with("Finding", row.finding)
                    .with("Times", row.times)
                    .with("FirstSeen", row.first_seen.to_instant_millis())
                    .with("LastSeen", row.last_seen.to_instant_millis())
                    .with("LastRequestId", row.request_id)
                    .to("Domain", domain.number)
                    .to("ApplicationInstance", row.instance),
            );
        }
    }
    Ok(all)
}
