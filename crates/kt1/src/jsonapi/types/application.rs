//! Application: what connects to domains through its instances. It is made by a
//! NewApplicationRequest.

use koppeltaal_core::directory::Directory;

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

/// What applications are for (value set ApplicationRoles).
pub const ROLES: &[&str] =
    &["PractitionerPortal", "PatientPortal", "RelatedPersonPortal", "Game", "ELearning", "ROM"];

/// The type.
pub static DECLARATION: Declaration = Declaration {
    name: "Application",
    attributes: &[
        Attribute::text("Name", 100).rule(Rule::Required),
        Attribute::text("Identifier", 100).rule(Rule::Fixed),
        Attribute::new("ApplicationRoles", Kind::Words(ROLES)),
        Attribute::text("ContactPersonName", 100),
        Attribute::new("ContactEmailAddress", Kind::Email),
        Attribute::text("SSOUrl", 1000),
        Attribute::new("IsActive", Kind::Flag).read_only(),
    ],
    relationships: &[
        Relationship::one("Server", "Server", Rule::ReadOnly),
        Relationship::many("ApplicationInstances", "ApplicationInstance", Rule::ReadOnly),
    ],
    operations: Operations {
        read: Who::Every,
        create: Who::Nobody,
        update: Who::ApplicationToo,
        delete: Who::Nobody,
    },
};

const NAMES: Names = &[
    ("title", "Name"),
    ("application_roles", "ApplicationRoles"),
    ("contact_name", "ContactPersonName"),
    ("contact_email", "ContactEmailAddress"),
    ("launch_url", "SSOUrl"),
];

/// Every application.
pub fn all(directory: &Directory) -> Vec<Resource> {
    directory
        .applications()
        .iter()
        .map(|application| {
            let owner = Owner {
                domains: at::domains_of(directory, application),
                applications: vec![application.id.clone()],
                ..Owner::default()
            };
            let instances = directory
                .instances()
                .iter()
                .filter(|instance| instance.application.number == application.number)
                .map(|instance| instance.instance.number.to_string())
                .collect();
            let stamp = directory.stamps.applications.get(&application.number);
            Resource::new(&DECLARATION, application.number, owner)
                .version(stamp.copied().unwrap_or_default())
                .with("Name", application.title.as_deref().unwrap_or(&application.id))
                .with("Identifier", application.id.as_str())
                .with("ApplicationRoles", application.application_roles.clone())
                .with("ContactPersonName", application.contact_name.clone())
                .with("ContactEmailAddress", application.contact_email.clone())
                .with("SSOUrl", application.launch_url.clone())
                .with("IsActive", application.active)
                .to("Server", super::server::ID)
                .with_many("ApplicationInstances", instances)
        })
        .collect()
}

/// Changes an application.
pub async fn update(ask: &Ask<'_>, existing: &Resource, input: &Input) -> Result<(), Failure> {
    let work = |directory: &Directory| {
        let application = at::application(directory, &existing.id)
            .ok_or_else(|| at::gone(DECLARATION.name, &existing.id))?;
        let stamp = directory.stamps.applications.get(&application.number).copied();
        check_version(input.version.as_deref(), stamp)?;
        let table = Table::new("application").with("id", application.id.as_str());
        Ok(vec![at::put(table, input, NAMES)])
    };
    change(ask, NAMES, work, None).await.map(drop)
}
