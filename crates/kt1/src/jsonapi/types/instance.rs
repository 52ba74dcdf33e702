//! ApplicationInstance: an application in a domain. It is made by a
//! DomainConnectionRequest.

use koppeltaal_core::directory::{ConnectedInstance, Directory};

use super::super::ask::Ask;
use super::super::change::{Names, change, check_version};
use super::super::declaration::{
    Attribute, Declaration, Kind, Operations, Relationship, Rule, Who,
};
use super::super::failure::Failure;
use super::super::input::Input;
use super::super::provision::Table;
use super::super::resource::{Owner, Resource};
use super::directory as at;

/// The type.
pub static DECLARATION: Declaration = Declaration {
    name: "ApplicationInstance",
    attributes: &[
        Attribute::text("Fullname", 200).read_only(),
        Attribute::text("SSOUrl", 1000),
        Attribute::text("ApiVersion", 20).read_only(),
        Attribute::text("Endpoint", 1000).read_only(),
        Attribute::new("IsActive", Kind::Flag).read_only(),
    ],
    relationships: &[
        Relationship::one("Application", "Application", Rule::Fixed),
        Relationship::one("Domain", "Domain", Rule::Fixed),
        Relationship::many("ApplicationInstanceUsers", "ApplicationInstanceUser", Rule::ReadOnly),
    ],
    operations: Operations {
        read: Who::Every,
        create: Who::Nobody,
        update: Who::ApplicationToo,
        delete: Who::Nobody,
    },
};

const NAMES: Names = &[("sso_url", "SSOUrl")];

/// Every instance.
pub fn all(directory: &Directory) -> Vec<Resource> {
    directory
        .instances()
        .iter()
        .map(|connected| {
            let instance = &connected.instance;
            let owner = Owner::instance(&connected.domain.name, &connected.application.id);
            let name = connected.application.title.as_deref().unwrap_or(&connected.application.id);
            let stamp = directory.stamps.instances.get(&instance.number);
            Resource::new(&DECLARATION, instance.number, owner)
                .version(stamp.copied().unwrap_or_default())
                .with("Fullname", format!("{name} in {}", connected.domain.name))
                .with("SSOUrl", instance.sso_url.clone())
                .with("ApiVersion", instance.api_version.to_string())
                .with("Endpoint", instance.webhook.as_ref().map(|webhook| webhook.url.clone()))
                .with("IsActive", connected.takes_part())
                .to("Application", connected.application.number)
                .to("Domain", connected.domain.number)
                .with_many("ApplicationInstanceUsers", super::instance_user::ids_of(connected))
        })
        .collect()
}

/// The table that means an instance.
pub fn table(connected: &ConnectedInstance) -> Table {
    Table::new("instance")
        .with("domain", connected.domain.name.as_str())
        .with("application", connected.application.id.as_str())
        .with("client_id", connected.instance.client_id.as_str())
}

/// Changes an instance.
pub async fn update(ask: &Ask<'_>, existing: &Resource, input: &Input) -> Result<(), Failure> {
    let work = |directory: &Directory| {
        let connected = at::instance(directory, &existing.id)
            .ok_or_else(|| at::gone(DECLARATION.name, &existing.id))?;
        let stamp = directory.stamps.instances.get(&connected.instance.number).copied();
        check_version(input.version.as_deref(), stamp)?;
        Ok(vec![at::put(table(connected), input, NAMES)])
    };
    change(ask, NAMES, work, None).await.map(drop)
}
