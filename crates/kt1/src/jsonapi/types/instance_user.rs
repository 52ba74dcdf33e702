//! ApplicationInstanceUser: the user name with which an instance signs in, and the
//! one under which people act that are launched (`IsSSOUser`), which signs in
//! nowhere. An instance has at most one of each; the id of the second ends in
//! `-sso`.

use http::StatusCode;
use koppeltaal_core::directory::{ConnectedInstance, Directory};

use super::super::ask::Ask;
use super::super::change::{Names, change, check_version};
use super::super::declaration::{
    Attribute, Declaration, Kind, Operations, Relationship, Rule, Who,
};
use super::super::failure::Failure;
use super::super::input::Input;
use super::super::mail;
use super::super::provision::Table;
use super::super::resource::{Owner, Resource};
use super::{directory as at, instance};

/// The type.
pub static DECLARATION: Declaration = Declaration {
    name: "ApplicationInstanceUser",
    attributes: &[
        Attribute::text("Name", 100),
        Attribute::new("Email", Kind::Email),
        Attribute::text("Login", 50).rule(Rule::Fixed),
        Attribute::new("IsActive", Kind::Flag),
        Attribute::new("IsSSOUser", Kind::Flag).rule(Rule::FixedOptional),
    ],
    relationships: &[Relationship::one("ApplicationInstance", "ApplicationInstance", Rule::Fixed)],
    operations: Operations {
        read: Who::Every,
        create: Who::ApplicationToo,
        update: Who::ApplicationToo,
        delete: Who::Nobody,
    },
};

const SSO: &str = "-sso";

const OF_INSTANCE: Names = &[
    ("contact_name", "Name"),
    ("contact_email", "Email"),
    ("username", "Login"),
    ("active", "IsActive"),
];
const OF_SSO: Names = &[("sso_username", "Login"), ("sso_active", "IsActive")];

/// The ids of the users of an instance.
pub fn ids_of(connected: &ConnectedInstance) -> Vec<String> {
    let instance = &connected.instance;
    let main = instance.username.as_ref().map(|_| instance.number.to_string());
    let sso = instance.sso_username.as_ref().map(|_| format!("{}{SSO}", instance.number));
    main.into_iter().chain(sso).collect()
}

/// Every user.
pub fn all(directory: &Directory) -> Vec<Resource> {
    directory.instances().iter().flat_map(|connected| of_instance(directory, connected)).collect()
}

fn of_instance(directory: &Directory, connected: &ConnectedInstance) -> Vec<Resource> {
    let instance = &connected.instance;
    let stamp = directory.stamps.instances.get(&instance.number).copied().unwrap_or_default();
    let user = |id: String| {
        let owner = Owner::instance(&connected.domain.name, &connected.application.id);
        Resource::new(&DECLARATION, id, owner)
            .version(stamp)
            .to("ApplicationInstance", instance.number)
    };
    let main = instance.username.as_ref().map(|login| {
        user(instance.number.to_string())
            .with("Name", instance.contact_name.clone())
            .with("Email", instance.contact_email.clone())
            .with("Login", login.as_str())
            .with("IsActive", instance.is_active())
            .with("IsSSOUser", false)
    });
    let sso = instance.sso_username.as_ref().map(|login| {
        user(format!("{}{SSO}", instance.number))
            .with("Login", login.as_str())
            .with("IsActive", instance.sso_active.unwrap_or(true))
            .with("IsSSOUser", true)
    });
    main.into_iter().chain(sso).collect()
}

/// Gives an instance a user. The password of one that signs in goes to its address
/// by mail.
pub async fn create(ask: &Ask<'_>, input: &Input) -> Result<String, Failure> {
    let id = input.link("ApplicationInstance").unwrap_or_default();
    let is_sso = input.flag("IsSSOUser").unwrap_or(false);
    let email = input.text("Email").map(str::to_owned);
    if !is_sso && email.is_none() {
        let title = "It is needed: the password goes there.";
        return Err(Failure::attribute(StatusCode::BAD_REQUEST, "Email", title));
    }
    if is_sso && (email.is_some() || input.text("Name").is_some()) {
        let title = "A user for single sign-on has neither name nor address.";
        return Err(Failure::attribute(StatusCode::BAD_REQUEST, "Email", title));
    }
    let names = if is_sso { OF_SSO } else { OF_INSTANCE };
    let work = |directory: &Directory| {
        let connected =
            at::instance(directory, id).ok_or_else(|| at::gone("ApplicationInstance", id))?;
        let instance = &connected.instance;
        let taken = if is_sso { &instance.sso_username } else { &instance.username };
        if taken.is_some() {
            return Err(Failure::conflict("The instance has a user of this kind already."));
        }
        Ok(vec![at::put(instance::table(connected), input, names)])
    };
    let login = input.text("Login").unwrap_or_default().to_owned();
    let beside = email.map(|email| mail::credentials(ask, email, login));
    change(ask, names, work, beside).await?;
    Ok(if is_sso { format!("{id}{SSO}") } else { id.to_owned() })
}

/// Changes a user.
pub async fn update(ask: &Ask<'_>, existing: &Resource, input: &Input) -> Result<(), Failure> {
    let (id, is_sso) = match existing.id.strip_suffix(SSO) {
        Some(id) => (id, true),
        None => (existing.id.as_str(), false),
    };
    let names = if is_sso { OF_SSO } else { OF_INSTANCE };
    if is_sso && (input.value("Name").is_some() || input.value("Email").is_some()) {
        return Err(Failure::conflict("A user for single sign-on has neither name nor address."));
    }
    let work = |directory: &Directory| {
        let connected =
            at::instance(directory, id).ok_or_else(|| at::gone(DECLARATION.name, &existing.id))?;
        let stamp = directory.stamps.instances.get(&connected.instance.number).copied();
        check_version(input.version.as_deref(), stamp)?;
        let table: Table = instance::table(connected);
        Ok(vec![at::put(table, input, names)])
    };
    change(ask, names, work, None).await.map(drop)
}
