//! Items of the directory, read: as `list` and `show` print them, and as far as
//! they are the caller's.

use koppeltaal_auth::Urls;
use koppeltaal_core::Result;
use koppeltaal_core::directory::{Application, Directory, Domain, IdentityProvider};
use serde_json::Value;

use super::answer::{Answer, Refusal};
use super::asked::{Asked, unknown};
use crate::operate::instance;
use crate::page::Object;
use crate::provision::{self, Kind, Secrets, shown};
use crate::seen::{self, Seen};

/// What of a domain is told to who only has an application in it.
const DOMAIN_NAME: [&str; 3] = ["name", "title", "phase"];
/// What of an application is told to who only has it in their domain.
const APPLICATION_NAME: [&str; 4] = ["id", "title", "application_roles", "active"];

pub(super) async fn domains(asked: Asked) -> Result<Answer, Refusal> {
    let directory = asked.desk()?.directory().await?;
    let mut found = Vec::new();
    for domain in directory.domains() {
        found.extend(domain_object(&asked, &directory, domain)?);
    }
    Answer::list(&found)
}

pub(super) async fn domain(asked: Asked) -> Result<Answer, Refusal> {
    let directory = asked.desk()?.directory().await?;
    let name = asked.part("domain");
    let object = match directory.domain(name) {
        Some(domain) => domain_object(&asked, &directory, domain)?,
        None => None,
    };
    Answer::json(&object.ok_or_else(|| unknown("domain", name))?)
}

fn domain_object(asked: &Asked, directory: &Directory, domain: &Domain) -> Result<Option<Object>> {
    let seen = seen::domain(directory, asked.rights()?, domain);
    as_seen(seen, shown(Kind::Domain, domain)?, &DOMAIN_NAME)
}

pub(super) async fn applications(asked: Asked) -> Result<Answer, Refusal> {
    let directory = asked.desk()?.directory().await?;
    let mut found = Vec::new();
    for application in directory.applications() {
        found.extend(application_object(&asked, &directory, application)?);
    }
    Answer::list(&found)
}

pub(super) async fn application(asked: Asked) -> Result<Answer, Refusal> {
    let directory = asked.desk()?.directory().await?;
    let id = asked.part("application");
    let object = match directory.application(id) {
        Some(application) => application_object(&asked, &directory, application)?,
        None => None,
    };
    Answer::json(&object.ok_or_else(|| unknown("application", id))?)
}

fn application_object(
    asked: &Asked,
    directory: &Directory,
    application: &Application,
) -> Result<Option<Object>> {
    let seen = seen::application(directory, asked.rights()?, application);
    as_seen(seen, shown(Kind::Application, application)?, &APPLICATION_NAME)
}

fn as_seen(seen: Seen, mut object: Object, name: &[&str]) -> Result<Option<Object>> {
    Ok(match seen {
        Seen::Not => None,
        Seen::Whole => Some(object),
        Seen::Name => {
            object.retain(|key, _| name.contains(&key.as_str()));
            Some(object)
        }
    })
}

pub(super) async fn roles(asked: Asked) -> Result<Answer, Refusal> {
    let directory = asked.desk()?.directory().await?;
    let domain = asked.own_domain(&directory, asked.part("domain"))?;
    let roles = directory.roles().iter().filter(|role| role.domain == domain.name);
    let objects = roles.map(|role| shown(Kind::Role, role)).collect::<Result<Vec<_>>>()?;
    Answer::list(&objects)
}

pub(super) async fn role(asked: Asked) -> Result<Answer, Refusal> {
    let directory = asked.desk()?.directory().await?;
    let domain = asked.own_domain(&directory, asked.part("domain"))?;
    let name = asked.part("role");
    let mut of_domain = directory.roles().iter().filter(|role| role.domain == domain.name);
    let role = of_domain.find(|role| role.name == name).ok_or_else(|| unknown("role", name))?;
    Answer::json(&shown(Kind::Role, role)?)
}

pub(super) async fn identity_providers(asked: Asked) -> Result<Answer, Refusal> {
    let directory = asked.desk()?.directory().await?;
    let domain = asked.own_domain(&directory, asked.part("domain"))?;
    let objects = directory
        .identity_providers_of(&domain.name)
        .map(|provider| provider_object(&asked, domain, provider))
        .collect::<Result<Vec<_>>>()?;
    Answer::list(&objects)
}

pub(super) async fn identity_provider(asked: Asked) -> Result<Answer, Refusal> {
    let directory = asked.desk()?.directory().await?;
    let domain = asked.own_domain(&directory, asked.part("domain"))?;
    let name = asked.part("identity_provider");
    let provider = directory
        .identity_providers_of(&domain.name)
        .find(|provider| provider.name == name)
        .ok_or_else(|| unknown("identity provider", name))?;
    Answer::json(&provider_object(&asked, domain, provider)?)
}

/// The keys of the provisioning file, and the URL to register at the provider.
fn provider_object(asked: &Asked, domain: &Domain, provider: &IdentityProvider) -> Result<Object> {
    let callback = Urls::of(&asked.app.settings.public_url, domain).callback();
    let mut object = shown(Kind::IdentityProvider, provider)?;
    object.insert("callback_url".to_owned(), Value::from(callback));
    Ok(object)
}

pub(super) async fn instances(asked: Asked) -> Result<Answer, Refusal> {
    let directory = asked.desk()?.directory().await?;
    let rights = asked.rights()?;
    let domain = asked.seen_domain(&directory)?;
    let application = asked.parameter("application");
    let objects = directory
        .instances()
        .iter()
        .filter(|one| seen::instance(rights, one))
        .filter(|one| domain.as_ref().is_none_or(|name| *name == one.domain.name))
        .filter(|one| application.is_none_or(|id| id == one.application.id))
        .map(|one| instance::object(&one.instance))
        .collect::<Result<Vec<_>>>()?;
    Answer::list(&objects)
}

pub(super) async fn instance(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let directory = desk.directory().await?;
    let name = asked.part("instance");
    let found = instance::one(&desk, &directory, name).ok_or_else(|| unknown("instance", name))?;
    Answer::json(&instance::object(&found.instance)?)
}

/// The whole directory as a provisioning file, without secrets and hashes.
pub(super) async fn export(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let directory = desk.directory().await?;
    let text = provision::export(&directory, &desk.seal, Secrets::Without, desk.clock.now())?;
    let tables: toml::Table = toml::from_str(&text).map_err(koppeltaal_core::Error::internal)?;
    Answer::json(&tables)
}
