//! ActivityDefinition: an intervention that an application offers, published by the
//! same function as over FHIR, so that subscribers are told. One with an
//! ApplicationInstance is offered in the domain of that instance alone.

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::{Application, Directory};
use koppeltaal_core::version::Stamp;
use koppeltaal_fhir::dstu1::names::{activity_definition as url, system};
use koppeltaal_fhir::dstu1::{ActivityDefinition, extension, new_definition};
use koppeltaal_fhir::{Node, json, object};
use koppeltaal_store::definition::{self as stored, Definition, Refusal as Refused, Visibility};
use serde_json::Value;

use super::super::ask::Ask;
use super::super::change::stale;
use super::super::declaration::{
    Attribute, Declaration, Kind, Operations, Relationship, Rule, Who,
};
use super::super::failure::Failure;
use super::super::input::Input;
use super::super::resource::{Owner, Resource};
use super::directory as at;
use crate::activity_definition::{Publisher, store};

/// The type.
pub static DECLARATION: Declaration = Declaration {
    name: "ActivityDefinition",
    attributes: &[
        Attribute::text("Name", 200).rule(Rule::Required),
        Attribute::text("Identifier", 200).rule(Rule::Required),
        Attribute::text("ActivityType", 100).rule(Rule::Required),
        Attribute { most: 10_000, ..Attribute::new("Description", Kind::Lines) },
        Attribute::text("DefaultPerformer", 100),
        Attribute::new("IsActive", Kind::Flag),
        Attribute::text("ResourceID", 20).read_only(),
        Attribute::new("LaunchType", Kind::Word(&["Web", "Mobile", "None"])),
        Attribute::new("IsArchived", Kind::Flag),
    ],
    relationships: &[
        Relationship::one("Application", "Application", Rule::Fixed),
        Relationship::one("ApplicationInstance", "ApplicationInstance", Rule::FixedOptional),
        Relationship::many("SubActivityDefinitions", "SubActivityDefinition", Rule::ReadOnly),
    ],
    operations: Operations {
        read: Who::Every,
        create: Who::ApplicationToo,
        update: Who::ApplicationToo,
        delete: Who::Nobody,
    },
};

/// How often a definition may change under our hands.
const ATTEMPTS: usize = 5;

/// Every definition.
pub async fn all(ask: &Ask<'_>) -> Result<Vec<Resource>, Failure> {
    let found = read(ask).await?;
    Ok(found.iter().filter_map(|(definition, node)| resource(ask, definition, node)).collect())
}

/// Every definition as it is stored, and as a tree.
pub async fn read(ask: &Ask<'_>) -> Result<Vec<(Definition, Node)>, Failure> {
    let found = ask.inner().store().read(|tx| stored::all(tx)).await?;
    found
        .into_iter()
        .map(|definition| {
            let node = tree(&definition)?;
            Ok((definition, node))
        })
        .collect()
}

fn tree(definition: &Definition) -> Result<Node, Failure> {
    json::parse(definition.resource.as_bytes())
        .map_err(|cause| Failure::from(koppeltaal_core::Error::internal(cause)))
}

fn application<'a>(
    directory: &'a Directory,
    definition: &Definition,
) -> Option<&'a std::sync::Arc<Application>> {
    directory.applications().iter().find(|a| a.number == definition.application)
}

/// Whose a definition is: its application's, and of the domains it is offered in.
pub fn owner(directory: &Directory, definition: &Definition) -> Option<Owner> {
    let application = application(directory, definition)?;
    let own = directory.domains().iter().filter(|domain| domain.number == definition.domain);
    let mut domains: Vec<String> = own.map(|domain| domain.name.clone()).collect();
    if !definition.domain_specific {
        domains.extend(at::domains_of(directory, application));
    }
    Some(Owner { domains, applications: vec![application.id.clone()], ..Owner::default() })
}

fn resource(ask: &Ask<'_>, definition: &Definition, node: &Node) -> Option<Resource> {
    let view = ActivityDefinition::of(node)?;
    let instance = ask.directory.instances_of(definition.domain).find(|instance| {
        definition.domain_specific && instance.application.number == definition.application
    });
    let parts = super::sub_definition::keys(view).into_iter();
    let text = |text: Option<&str>| text.map(str::to_owned);
    let resource =
        Resource::new(&DECLARATION, definition.number, owner(&ask.directory, definition)?)
            .version(Stamp::parse(&definition.version)?.0)
            .with("Name", text(view.name()))
            .with("Identifier", definition.identifier.as_str())
            .with("ActivityType", text(view.kind()))
            .with("Description", text(view.description()))
            .with("DefaultPerformer", text(view.performer()))
            .with("IsActive", view.is_active())
            .with("ResourceID", definition.number.to_string())
            .with("LaunchType", view.launch_type())
            .with("IsArchived", definition.archived)
            .to("Application", definition.application)
            .with_any("ApplicationInstance", instance.map(|i| i.instance.number.to_string()))
            .with_many(
                "SubActivityDefinitions",
                parts.map(|key| format!("{}-{key}", definition.number)).collect(),
            );
    Some(resource)
}

/// Publishes a definition.
pub async fn create(ask: &Ask<'_>, input: &Input) -> Result<String, Failure> {
    let id = input.link("Application").unwrap_or_default();
    let application =
        at::application(&ask.directory, id).ok_or_else(|| at::gone("Application", id))?;
    let domain = match input.link("ApplicationInstance") {
        Some(instance) => {
            let connected = at::instance(&ask.directory, instance)
                .filter(|connected| connected.application.number == application.number)
                .ok_or_else(|| {
                    Failure::conflict("The ApplicationInstance is not one of the Application.")
                })?;
            connected.domain.number
        }
        None => {
            let mut instances = ask.directory.instances().iter();
            let connected =
                instances.find(|instance| instance.application.number == application.number);
            connected.map(|connected| connected.domain.number).ok_or_else(|| {
                Failure::conflict("The application is in no domain, so it has nothing to offer.")
            })?
        }
    };
    let text = |name: &str| input.text(name).unwrap_or_default();
    let mut node = new_definition(text("Name"), text("Identifier"), text("ActivityType"));
    let specific = input.link("ApplicationInstance").is_some();
    set(
        &mut node,
        url::IS_DOMAIN_SPECIFIC,
        Some(extension::with(url::IS_DOMAIN_SPECIFIC, "valueBoolean", specific)),
    );
    write(&mut node, input);
    let publisher = publisher(ask, application, domain, text("Identifier"));
    let published =
        store(&ask.inner().parts.kt1, publisher, node, None).await.map_err(of_refusal)?;
    published.map(|definition| definition.number.to_string()).map_err(refused)
}

/// Changes a definition.
pub async fn update(ask: &Ask<'_>, existing: &Resource, input: &Input) -> Result<(), Failure> {
    let number = existing.id.parse().unwrap_or_default();
    edit(ask, number, input.version.as_deref(), |node| {
        write(node, input);
        Ok(())
    })
    .await
}

/// Changes a stored definition, of which the caller knows this version.
pub async fn edit(
    ask: &Ask<'_>,
    number: i64,
    known: Option<&str>,
    change: impl Fn(&mut Node) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let gone = || at::gone(DECLARATION.name, &number.to_string());
    for _ in 0..ATTEMPTS {
        let found = ask.inner().store().read(move |tx| stored::by_number(tx, number)).await?;
        let definition = found.ok_or_else(gone)?;
        if known.is_some_and(|known| known != definition.version) {
            return Err(stale());
        }
        let mut node = tree(&definition)?;
        change(&mut node)?;
        let identifier = ActivityDefinition::of(&node)
            .and_then(ActivityDefinition::identifier)
            .unwrap_or(&definition.identifier)
            .to_owned();
        let application = application(&ask.directory, &definition).ok_or_else(gone)?;
        let publisher = publisher(ask, application, definition.domain, &identifier);
        let version = Some((number, Some(definition.version)));
        let published = store(&ask.inner().parts.kt1, publisher, node, version).await;
        match published.map_err(of_refusal)? {
            Ok(_) => return Ok(()),
            Err(Refused::VersionConflict(_)) => {}
            Err(other) => return Err(refused(other)),
        }
    }
    Err(stale())
}

fn publisher(ask: &Ask<'_>, application: &Application, domain: i64, identifier: &str) -> Publisher {
    let author = ask.author();
    let audit = Entry {
        request_id: author.request_id,
        ..Entry::new(Action::Definition, ask.began, author.agent)
    };
    let from = Visibility { domain, applications: vec![application.number] };
    let (application, client_id) = (application.number, application.id.clone());
    Publisher { application, client_id, from, identifier: identifier.to_owned(), audit }
}

/// Puts the attributes that are named into the extensions that hold them.
fn write(node: &mut Node, input: &Input) {
    let coding = |system: &str, code: &str| object! { "system" => system, "code" => code, "display" => code };
    for (attribute, value) in &input.attributes {
        let text = value.as_str();
        let (url, extension) = match attribute.name {
            "Name" => (url::NAME, text.map(|t| extension::with(url::NAME, "valueString", t))),
            "Identifier" => {
                (url::IDENTIFIER, text.map(|t| extension::with(url::IDENTIFIER, "valueString", t)))
            }
            "Description" => {
                let made = text.map(|t| extension::with(url::DESCRIPTION, "valueString", t));
                (url::DESCRIPTION, made)
            }
            "ActivityType" => {
                let made = text.map(|t| {
                    extension::with(url::KIND, "valueCoding", coding(system::ACTIVITY_KIND, t))
                });
                (url::KIND, made)
            }
            "DefaultPerformer" => {
                let made = text.map(|t| {
                    let coding = coding(system::ACTIVITY_PERFORMER, t);
                    extension::with(url::DEFAULT_PERFORMER, "valueCoding", coding)
                });
                (url::DEFAULT_PERFORMER, made)
            }
            "LaunchType" => {
                (url::LAUNCH_TYPE, text.map(|t| extension::with(url::LAUNCH_TYPE, "valueCode", t)))
            }
            "IsActive" => (url::IS_ACTIVE, flag(url::IS_ACTIVE, value)),
            "IsArchived" => (url::IS_ARCHIVED, flag(url::IS_ARCHIVED, value)),
            _ => continue,
        };
        set(node, url, extension);
    }
    // They repeat what changes; the server writes them again.
    if let Some(members) = node.as_object_mut() {
        members.remove("identifier");
        members.remove("text");
    }
}

fn flag(url: &str, value: &Value) -> Option<Node> {
    value.as_bool().map(|flag| extension::with(url, "valueBoolean", flag))
}

/// Replaces the extensions with a URL.
pub fn set(node: &mut Node, url: &str, new: Option<Node>) {
    let kept = node.items("extension").iter().filter(|e| !extension::has_url(e, url)).cloned();
    let all: Vec<Node> = kept.chain(new).collect();
    if let Some(members) = node.as_object_mut() {
        members.insert("extension", all);
    }
}

fn of_refusal(refusal: crate::answer::Refusal) -> Failure {
    let title = refusal.issues.into_iter().next().map(|issue| issue.details).unwrap_or_default();
    Failure { internal: refusal.internal, ..Failure::new(refusal.status, title) }
}

fn refused(refused: Refused) -> Failure {
    match refused {
        Refused::Duplicate => Failure::attribute(
            http::StatusCode::CONFLICT,
            "Identifier",
            "Another ActivityDefinition in this domain has this identifier.",
        ),
        Refused::Unknown | Refused::NotOwner => {
            Failure::new(http::StatusCode::NOT_FOUND, "There is no such ActivityDefinition.")
        }
        Refused::VersionConflict(_) => stale(),
    }
}
